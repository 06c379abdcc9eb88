import { subscriptionId, topics } from '@tidings/contracts';
import { verify, verifyPlain } from '@tidings/signing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { answered, failed } from '../test/answers.ts';
import {
  aCommand,
  aSealedHeader,
  aSubscription,
  sealedSecret,
  secretText,
  startMs,
} from '../test/builders.ts';
import { type Harness, startHarness } from '../test/harness.ts';

const start = async (env: Readonly<Record<string, string>> = {}): Promise<Harness> =>
  startHarness({ env, cleanUp: onTestFinished });

const committed = async ({ bus, clock }: Harness): Promise<number> => {
  await clock.advance(500);
  const lags = await bus.lag('tidings-delivery', [topics.deliveries]);
  return lags.reduce((sum, { committedOffset }) => sum + Number(committedOffset), 0);
};

describe('a delivery', () => {
  it('goes out signed, with the command bytes, and is recorded', async () => {
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
    expect(harness.facts()).toEqual([]);

    sent?.answer(answered(204));
    await harness.settle();
    expect(harness.facts()).toMatchObject([
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
    expect(await committed(harness)).toBe(1);
  });

  it('continues the trace of its event', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;
    await harness.publish({ ...aCommand(1), traceparent });
    expect(harness.sender.sent[0]?.headers['traceparent']).toMatch(new RegExp(`^00-${'ab'.repeat(16)}-`));
  });

  it('opens the headers that are credentials, and names itself to an endpoint that consented', async () => {
    const harness = await start();
    const secretHeaders = [aSealedHeader('Authorization', 'Bearer hush')];
    await harness.register(aSubscription({ secretHeaders, requestOrigin: 'tidings.example' }));
    await harness.publish(aCommand(1));
    expect(harness.sender.sent[0]?.headers).toMatchObject({
      authorization: 'Bearer hush',
      'webhook-request-origin': 'tidings.example',
    });
  });

  it('sends nothing when a header that is a credential does not open under its name', async () => {
    const harness = await start();
    const moved = { ...aSealedHeader('X-Other', 'Bearer hush'), name: 'Authorization' };
    await harness.register(aSubscription({ secretHeaders: [moved] }));
    await harness.publish(aCommand(1));
    expect(harness.sender.sent).toEqual([]);
    expect(harness.facts()).toMatchObject([{ outcome: { kind: 'deferred', reason: 'held' } }]);
  });

  it('never lets a header of the subscription stand in for ours', async () => {
    const harness = await start();
    await harness.register(aSubscription({ headers: { 'Webhook-Id': 'forged', 'User-Agent': 'me' } }));
    await harness.publish(aCommand(1));
    const headers = harness.sender.sent[0]?.headers ?? {};
    expect(headers['webhook-id']).toBe(aCommand(1).state.deliveryId);
    expect(headers['user-agent']).toMatch(/^Tidings/);
    expect(Object.keys(headers).filter((name) => name.toLowerCase() === 'webhook-id')).toHaveLength(1);
  });

  it('carries the plain style beside the standard one when asked', async () => {
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

  it('is not sent unsigned when the secrets do not open here; it waits', async () => {
    const harness = await start();
    const foreign = sealedSecret(secretText, { workspaceId: 'other', id: 'sub_a' });
    await harness.register(aSubscription({ secrets: [foreign] }));
    await harness.publish(aCommand(1));
    expect(harness.sender.sent).toEqual([]);
    expect(harness.facts()).toMatchObject([{ outcome: { kind: 'deferred', reason: 'held' } }]);
    expect(harness.ladderCommands()).toMatchObject([{ delayMs: 60_000 }]);
    await harness.register(aSubscription({ version: 2 }));
    await harness.clock.advance(61_000);
    expect(harness.sender.sent).toHaveLength(1);
  });
});

describe('a failure', () => {
  it('comes back over the ladder with the same id and bytes and a new time and signature', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    harness.sender.rule = () => answered(500);
    await harness.publish(aCommand(1));
    expect(harness.facts()).toMatchObject([
      { outcome: { kind: 'failed', statusCode: 500 }, next: { kind: 'retry' } },
    ]);
    expect(await committed(harness)).toBe(1);
    harness.sender.rule = () => answered(200);
    await harness.clock.advance(4_000);
    expect(harness.sender.sent).toHaveLength(1);
    await harness.clock.advance(2_000);
    const [first, second] = harness.sender.sent;
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.body.equals(first?.body ?? Buffer.alloc(0))).toBe(true);
    expect(second?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature']);
    const waitedMs = (second?.atMs ?? 0) - (first?.atMs ?? 0);
    expect(waitedMs).toBeGreaterThanOrEqual(5_000);
    expect(waitedMs).toBeLessThanOrEqual(5_500);
    expect(harness.facts().at(-1)).toMatchObject({
      attempt: 2,
      trigger: 'retry',
      outcome: { kind: 'delivered' },
    });
  });

  it('follows the schedule within its jitter and ends as a dead letter that tells all', async () => {
    const harness = await start();
    await harness.register(aSubscription({ retryScheduleSeconds: [0, 5, 70, 400] }));
    harness.sender.rule = () => answered(503);
    await harness.publish(aCommand(1));
    await harness.clock.advance(600_000);
    const times = harness.sender.sent.map(({ atMs }) => atMs);
    const waits = times.slice(1).map((atMs, at) => (atMs - (times[at] ?? 0)) / 1_000);
    expect(waits).toHaveLength(3);
    [5, 70, 400].forEach((scheduled, at) => {
      expect(waits[at]).toBeGreaterThanOrEqual(scheduled);
      expect(waits[at]).toBeLessThanOrEqual(scheduled * 1.1 + 1);
    });
    const [letter] = harness.deadLetters();
    expect(letter?.reason).toBe('exhausted');
    expect(letter?.state.attempts.map(({ statusCode }) => statusCode)).toEqual([503, 503, 503, 503]);
    expect(harness.facts().at(-1)?.next).toEqual({ kind: 'dead-letter', reason: 'exhausted' });
    const [record] = harness.bus.records(topics.deadLetters);
    expect(record?.value?.toString()).toBe('{"n": 1}');
  });

  it('waits as long as Retry-After asks, over several rungs', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    harness.sender.rule = () => answered(429, { 'retry-after': '95' });
    await harness.publish(aCommand(1));
    await harness.clock.advance(94_900);
    expect(harness.sender.sent).toHaveLength(1);
    await harness.clock.advance(1_200);
    expect(harness.sender.sent).toHaveLength(2);
  });

  it('is judged by the newest subscription: a new URL and schedule count for what waits', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    harness.sender.rule = () => answered(500);
    await harness.publish(aCommand(1));
    await harness.register(
      aSubscription({ version: 2, endpointUrl: 'https://new.example/', retryScheduleSeconds: [5] }),
    );
    await harness.clock.advance(6_000);
    expect(harness.sender.sent[1]?.url).toBe('https://new.example/');
    expect(harness.deadLetters()).toMatchObject([{ reason: 'exhausted' }]);
  });

  it('of a blocked address is not retried and tells nobody the address', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    harness.sender.rule = () => failed('blocked-address');
    await harness.publish(aCommand(1));
    expect(harness.deadLetters()).toMatchObject([{ reason: 'not-retried' }]);
    const everything = [...harness.bus.records(topics.attempts), ...harness.bus.records(topics.deadLetters)];
    expect(
      everything.map((record) => JSON.stringify(record.headers) + String(record.value)).join(),
    ).not.toContain('127.0.0.1');
    expect(await harness.metric('tidings_delivery_blocked_addresses_total')).toBe(1);
  });

  it('with 410 disables the endpoint here at once, until the registry knows better', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    harness.sender.rule = () => answered(410);
    await harness.publish(aCommand(1));
    await harness.publish(aCommand(2));
    expect(harness.sender.sent).toHaveLength(1);
    expect(harness.deadLetters()).toMatchObject([{ reason: 'not-retried' }, { reason: 'disabled' }]);
    expect(harness.facts().at(-1)?.outcome).toEqual({ kind: 'set-aside', reason: 'disabled' });
    await harness.register(aSubscription({ version: 2 }));
    await harness.publish(aCommand(3));
    expect(harness.sender.sent).toHaveLength(2);
  });

  it('with 410 disables the endpoint in the next process too, as long as the registry does not know', async () => {
    const first = await start();
    await first.register(aSubscription());
    first.sender.rule = () => answered(410);
    await first.publish(aCommand(1));
    await first.stop();
    const { bus, clock } = first;
    const second = await startHarness({ bus, clock, cleanUp: onTestFinished });
    await second.publish(aCommand(2));
    expect(second.sender.sent).toEqual([]);
    expect(second.facts().at(-1)?.outcome).toEqual({ kind: 'set-aside', reason: 'disabled' });
    await second.register(aSubscription({ version: 2 }));
    await second.publish(aCommand(3));
    expect(second.sender.sent).toHaveLength(1);
  });

  it('with 410 to a test of its owner disables nothing', async () => {
    const first = await start();
    await first.register(aSubscription());
    first.sender.rule = () => answered(410);
    await first.publish(aCommand(1, { trigger: 'test' }));
    await first.stop();
    const second = await startHarness({ bus: first.bus, clock: first.clock, cleanUp: onTestFinished });
    await second.publish(aCommand(2));
    expect(second.sender.sent).toHaveLength(1);
  });
});

describe('a subscription that cannot be sent to', () => {
  it('disabled: what waits goes to dead letters', async () => {
    const harness = await start();
    await harness.register(aSubscription({ state: 'disabled' }));
    await harness.publish(aCommand(1));
    expect(harness.sender.sent).toEqual([]);
    expect(harness.deadLetters()).toMatchObject([{ reason: 'disabled', state: { attempts: [] } }]);
    expect(await committed(harness)).toBe(1);
  });

  it('deleted: what waits is suppressed', async () => {
    const harness = await start();
    await harness.register(aSubscription({ state: 'deleted' }));
    await harness.publish(aCommand(1));
    expect(harness.facts()).toMatchObject([
      { outcome: { kind: 'suppressed', reason: 'subscription-deleted' } },
    ]);
    expect(harness.deadLetters()).toEqual([]);
  });

  it('disabled while commands wait in memory: they are not sent any more', async () => {
    const harness = await start();
    await harness.register(aSubscription({ maxInFlight: 1 }));
    await harness.publish(aCommand(1), aCommand(2));
    expect(harness.sender.sent).toHaveLength(1);
    await harness.register(aSubscription({ version: 2, state: 'disabled' }));
    harness.sender.sent[0]?.answer(answered(200));
    await harness.settle();
    expect(harness.sender.sent).toHaveLength(1);
    expect(harness.deadLetters()).toMatchObject([{ reason: 'disabled' }]);
  });

  it('not known yet: commands wait and go out when it comes', async () => {
    const harness = await start();
    await harness.publish(aCommand(1), aCommand(2, { subscriptionVersion: 2 }));
    await harness.clock.advance(1_500);
    await harness.register(aSubscription());
    await harness.clock.advance(1_500);
    expect(harness.sender.ids).toEqual([aCommand(1).state.deliveryId]);
    await harness.register(aSubscription({ version: 2 }));
    await harness.clock.advance(1_500);
    expect(harness.sender.ids).toEqual([1, 2].map((n) => aCommand(n).state.deliveryId));
  });

  it('never known: after the bound the command becomes a dead letter, not lost', async () => {
    const harness = await start();
    await harness.publish(aCommand(1));
    await harness.clock.advance(290_000);
    expect(harness.deadLetters()).toEqual([]);
    await harness.clock.advance(30_000);
    expect(harness.deadLetters()).toMatchObject([{ reason: 'unknown-subscription' }]);
    expect(harness.facts()).toMatchObject([
      { outcome: { kind: 'set-aside', reason: 'unknown-subscription' } },
    ]);
  });
});

describe('limits', () => {
  it('of one subscription hold nobody else', async () => {
    const harness = await start();
    const slow = aSubscription({ maxInFlight: 2 });
    const fast = aSubscription({ id: subscriptionId('sub_b') });
    await harness.register(slow, fast);
    await harness.publish(...Array.from({ length: 20 }, (_, n) => aCommand(n)));
    await harness.publish(aCommand(100, { subscriptionId: fast.id }));
    expect(harness.sender.ids).toEqual([0, 1, 100].map((n) => aCommand(n).state.deliveryId));
  });

  it('of the process are kept, but an endpoint with nothing under way still gets one request', async () => {
    const harness = await start({ DELIVERY_CONCURRENCY: '2' });
    const other = aSubscription({ id: subscriptionId('sub_b') });
    await harness.register(aSubscription(), other);
    await harness.publish(...Array.from({ length: 5 }, (_, n) => aCommand(n)));
    await harness.publish(
      aCommand(100, { subscriptionId: other.id }),
      aCommand(101, { subscriptionId: other.id }),
    );
    expect(harness.sender.ids).toEqual([0, 1, 100].map((n) => aCommand(n).state.deliveryId));
  });

  it('of a rate are kept without looking round for work', async () => {
    const harness = await start();
    await harness.register(aSubscription({ rateLimit: { perSecond: 2, burst: 1 } }));
    harness.sender.rule = () => answered(200);
    await harness.publish(...Array.from({ length: 4 }, (_, n) => aCommand(n)));
    await harness.clock.advance(2_000);
    expect(harness.sender.sent.map(({ atMs }) => atMs - startMs)).toEqual([0, 500, 1_000, 1_500]);
  });
});

describe('record before forget', () => {
  it('with the brokers away nothing is forgotten, and what is unrecorded is bounded', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    harness.sender.rule = () => answered(200);
    await harness.publish(aCommand(1));
    harness.bus.setReachable(false);
    harness.sender.rule = undefined;
    harness.bus.setReachable(true);
    await harness.publish(aCommand(2));
    harness.bus.setReachable(false);
    harness.sender.sent[1]?.answer(answered(200));
    await harness.clock.advance(60_000);
    expect(harness.facts()).toHaveLength(1);
    expect(await committed(harness)).toBe(1);
    harness.bus.setReachable(true);
    await harness.settle();
    expect(harness.facts()).toHaveLength(2);
    expect(await committed(harness)).toBe(2);
    expect(harness.sender.sent).toHaveLength(2);
  });

  it('a process that dies between the answer and the record leaves a duplicate with the same id, never a loss', async () => {
    const first = await start();
    await first.register(aSubscription());
    await first.publish(aCommand(1));
    first.bus.setReachable(false);
    first.sender.sent[0]?.answer(answered(200));
    await first.settle();
    await first.stop();
    first.bus.setReachable(true);
    const second = await startHarness({ bus: first.bus, clock: first.clock, cleanUp: onTestFinished });
    expect(second.sender.ids).toEqual(first.sender.ids);
    second.sender.sent[0]?.answer(answered(200));
    await second.settle();
    expect(second.facts()).toHaveLength(1);
  });

  it('a copy that is read while the first is under way is not sent, and both are done', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    await harness.publish(aCommand(1), aCommand(1));
    expect(harness.sender.sent).toHaveLength(1);
    harness.sender.sent[0]?.answer(answered(200));
    await harness.settle();
    expect(harness.facts()).toHaveLength(1);
    expect(await committed(harness)).toBe(2);
    expect(await harness.metric('tidings_delivery_duplicates_dropped_total', { kind: 'in_flight' })).toBe(1);
  });
});

describe('stopping', () => {
  it('finishes and commits what is under way and takes nothing new', async () => {
    const harness = await start();
    await harness.register(aSubscription({ maxInFlight: 1 }));
    await harness.publish(aCommand(1), aCommand(2));
    const stopped = harness.stop();
    await harness.settle();
    harness.sender.sent[0]?.answer(answered(200));
    await harness.settle();
    await stopped;
    expect(harness.sender.sent).toHaveLength(1);
    expect(harness.facts()).toHaveLength(1);
    const second = await startHarness({ bus: harness.bus, clock: harness.clock, cleanUp: onTestFinished });
    expect(second.sender.ids).toEqual([aCommand(2).state.deliveryId]);
  });
});

describe('time', () => {
  it('a wait under a second ends in memory, to the millisecond', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    await harness.publish(aCommand(1, { notBeforeMs: startMs + 300 }));
    await harness.clock.advance(299);
    expect(harness.sender.sent).toEqual([]);
    await harness.clock.advance(1);
    expect(harness.sender.sent).toHaveLength(1);
    expect(harness.ladderCommands()).toEqual([]);
  });

  it('a clock that steps back neither loses a retry nor spins', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    harness.sender.rule = () => answered(500);
    await harness.publish(aCommand(1));
    harness.sender.rule = () => answered(200);
    harness.clock.set(startMs - 600_000);
    await harness.clock.advance(620_000);
    expect(harness.sender.sent).toHaveLength(2);
    expect(harness.ladderCommands().length).toBeLessThan(30);
  });

  it('a clock that steps forward lets a retry out, and nothing is lost', async () => {
    const harness = await start();
    await harness.register(aSubscription({ retryScheduleSeconds: [300] }));
    harness.sender.rule = () => answered(500);
    await harness.publish(aCommand(1));
    harness.sender.rule = () => answered(200);
    harness.clock.set(startMs + 3_600_000);
    await harness.clock.advance(301_000);
    expect(harness.sender.sent).toHaveLength(2);
  });
});
