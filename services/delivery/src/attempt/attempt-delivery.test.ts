import { verify, verifyPlain } from '@tidings/signing';
import { answered } from '@tidings/testing/messages';
import { exchangeView } from '@tidings/webhook-request';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  aCommand,
  aSealedHeader,
  aSubscription,
  sealedSecret,
  secretText,
  startMs,
} from '../../test/builders.ts';
import { type Harness, startHarness } from '../../test/harness.ts';

const start = async (): Promise<Harness> => startHarness({ cleanUp: onTestFinished });

describe('a delivery', () => {
  it('is sent signed, with the bytes of the command, and recorded', async () => {
    const harness = await start();
    await harness.register(aSubscription({ version: 4, headers: { 'X-Partner': 'yes' }, timeoutMs: 7_000 }));
    await harness.publish(aCommand(1));
    const [sent] = harness.sender.sent;
    expect(sent?.url).toBe('https://partner.example/hooks');
    expect(sent?.timeoutMs).toBe(7_000);
    expect(sent?.body.toString()).toBe('{"n": 1}');
    const headers = sent?.headers ?? {};
    expect(headers).toMatchObject({
      'webhook-id': aCommand(1).state.deliveryId,
      'webhook-timestamp': String(startMs / 1_000),
      'x-webhook-event': 'order.paid',
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^Tidings\/\d/) as string,
      'x-partner': 'yes',
    });
    expect(headers['traceparent']).toMatch(/^00-/);
    expect(headers).not.toHaveProperty('x-webhook-signature');
    const body = sent?.body ?? Buffer.alloc(0);
    expect(verify({ headers, body, secrets: [secretText], nowSeconds: startMs / 1_000 }).ok).toBe(true);
    expect(harness.attemptEvents()).toEqual([]);

    sent?.answer(answered(204));
    await harness.settle();
    expect(harness.attemptEvents()).toMatchObject([
      {
        attempt: 1,
        subscriptionVersion: 4,
        outcome: { kind: 'delivered', statusCode: 204 },
        next: { kind: 'none' },
      },
    ]);
    expect(harness.lines.filter(({ event }) => event === 'delivery.attempted')).toMatchObject([
      { level: 'info', fields: { outcome: 'delivered', statusCode: 204 } },
    ]);
    expect(await harness.committed()).toBe(1);
  });

  it.each([
    ['false', 500, 4_000],
    ['false', 200, 1_024],
    ['true', 200, 4_000],
  ])(
    'with DELIVERY_RECORD_SUCCESS_BODIES=%s and status %i records %i bytes of the body',
    async (...given) => {
      const [recordsAll, status, bytes] = given;
      const env = { DELIVERY_RECORD_SUCCESS_BODIES: recordsAll };
      const harness = await startHarness({ cleanUp: onTestFinished, env });
      await harness.register(aSubscription());
      harness.sender.rule = () => ({
        ...answered(status, { 'x-a': 'b' }),
        body: Buffer.from('x'.repeat(4_000)),
      });
      await harness.publish(aCommand(1));
      const [event] = harness.attemptEvents();
      if (event === undefined) throw new Error('no attempt event');
      const { responseExcerpt } = event.outcome as { responseExcerpt: string };
      expect(exchangeView({ ...event, responseExcerpt, exchange: event.exchange ?? null })).toMatchObject({
        details: 'recorded',
        phases: { first_byte_ms: 1, body_ms: 0, total_ms: 2 },
        request_headers: { 'webhook-id': aCommand(1).state.deliveryId, 'webhook-signature': 'v1,***' },
        response_headers: { 'x-a': 'b' },
        response_body: 'x'.repeat(bytes),
        response_body_truncated: bytes < 4_000,
      });
    },
  );

  it('continues the trace of its event', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;
    await harness.publish({ ...aCommand(1), traceparent });
    expect(harness.sender.sent[0]?.headers['traceparent']).toMatch(new RegExp(`^00-${'ab'.repeat(16)}-`));
  });

  it('sends decrypted secret headers, and the request origin to an endpoint that consented', async () => {
    const harness = await start();
    const secretHeaders = [aSealedHeader('Authorization', 'Bearer hush')];
    await harness.register(aSubscription({ secretHeaders, requestOrigin: 'tidings.example' }));
    await harness.publish(aCommand(1));
    expect(harness.sender.sent[0]?.headers).toMatchObject({
      authorization: 'Bearer hush',
      'webhook-request-origin': 'tidings.example',
    });
  });

  it('sends nothing if a secret header cannot be decrypted under its name', async () => {
    const harness = await start();
    const moved = { ...aSealedHeader('X-Other', 'Bearer hush'), name: 'Authorization' };
    await harness.register(aSubscription({ secretHeaders: [moved] }));
    await harness.publish(aCommand(1));
    expect(harness.sender.sent).toEqual([]);
    expect(harness.attemptEvents()).toMatchObject([{ outcome: { kind: 'deferred', reason: 'held' } }]);
  });

  it('never replaces its own headers by those of the subscription', async () => {
    const harness = await start();
    await harness.register(aSubscription({ headers: { 'Webhook-Id': 'forged', 'User-Agent': 'me' } }));
    await harness.publish(aCommand(1));
    const headers = harness.sender.sent[0]?.headers ?? {};
    expect(headers['webhook-id']).toBe(aCommand(1).state.deliveryId);
    expect(headers['user-agent']).toMatch(/^Tidings/);
    expect(Object.keys(headers).filter((name) => name.toLowerCase() === 'webhook-id')).toHaveLength(1);
  });

  it('has the plain signature beside the standard one if configured', async () => {
    const harness = await start();
    await harness.register(aSubscription({ signatureStyle: 'plain' }));
    await harness.publish(aCommand(1));
    const headers = harness.sender.sent[0]?.headers ?? {};
    const body = harness.sender.sent[0]?.body ?? Buffer.alloc(0);
    expect(headers['x-webhook-id']).toBe(headers['webhook-id']);
    expect(headers['x-webhook-timestamp']).toBe(headers['webhook-timestamp']);
    expect(headers['webhook-signature']).toMatch(/^v1,/);
    expect(verifyPlain({ signature: headers['x-webhook-signature'], body, secrets: [secretText] })).toBe(
      true,
    );
  });

  it('is signed with every secret that has not expired, newest first', async () => {
    const harness = await start();
    const owner = { workspaceId: 'acme', id: 'sub_a' };
    const older = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
    const expired = `whsec_${Buffer.alloc(24, 2).toString('base64')}`;
    await harness.register(
      aSubscription({
        secrets: [
          sealedSecret(secretText, owner),
          sealedSecret(older, owner, startMs + 60_000),
          sealedSecret(expired, owner, startMs - 1),
        ],
      }),
    );
    harness.sender.rule = () => answered(200);
    await harness.publish(aCommand(1));
    expect(harness.sender.sent[0]?.headers['webhook-signature']?.split(' ')).toHaveLength(2);
    await harness.clock.advance(60_000);
    await harness.publish(aCommand(2));
    expect(harness.sender.sent[1]?.headers['webhook-signature']?.split(' ')).toHaveLength(1);
  });

  it('is deferred, not sent unsigned, if the secrets cannot be decrypted', async () => {
    const harness = await start();
    const foreign = sealedSecret(secretText, { workspaceId: 'other', id: 'sub_a' });
    await harness.register(aSubscription({ secrets: [foreign] }));
    await harness.publish(aCommand(1));
    expect(harness.sender.sent).toEqual([]);
    expect(harness.attemptEvents()).toMatchObject([{ outcome: { kind: 'deferred', reason: 'held' } }]);
    expect(harness.ladderCommands()).toMatchObject([{ delayMs: 60_000 }]);
    await harness.register(aSubscription({ version: 2 }));
    await harness.clock.advance(61_000);
    expect(harness.sender.sent).toHaveLength(1);
  });

  it('that is due within a second waits in memory, to the millisecond', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    await harness.publish(aCommand(1, { notBeforeMs: startMs + 300 }));
    await harness.clock.advance(299);
    expect(harness.sender.sent).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.sender.sent).toHaveLength(1);
    expect(harness.ladderCommands()).toEqual([]);
  });
});
