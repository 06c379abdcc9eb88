import type { CompletedRequest } from '@tidings/contracts';
import { verify as verifySignature } from '@tidings/signing';
import { answered, failed } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { serveInMemory } from '../../test/memory/in-memory-api.ts';
import { publishedOn } from '../../test/memory/in-memory-registry.ts';
import { aBody, pointersOf } from '../../test/registry-api.ts';
import type { OutgoingRequest } from './ports.ts';

const timeout = { ...failed('timeout'), detail: 'connect: 203.0.113.9 not done' };

/** Serves the API with one endpoint of this outcome. */
async function serve(outcome: CompletedRequest) {
  const sent: OutgoingRequest[] = [];
  const state = { outcome };
  const send = async (request: OutgoingRequest): Promise<CompletedRequest> => {
    sent.push(request);
    return state.outcome;
  };
  return { ...(await serveInMemory({ send })), sent, state };
}

describe('verify: none', () => {
  it('sends no request', async () => {
    const { call, sent } = await serve(timeout);
    const { body } = await call('POST', '', { body: aBody() });
    expect(body).toMatchObject({ verify: 'none' });
    expect(sent).toEqual([]);
  });
});

describe('verify: ping', () => {
  it('sends one signed webhook.test before the subscription exists', async () => {
    const { call, sent, bus } = await serve(answered(204));
    const own = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const created = await call('POST', '', { body: aBody({ verify: 'ping', secret: own }) });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ verify: 'ping' });
    const [{ headers = {}, body = Buffer.alloc(0), ...request } = {}] = sent;
    expect(request).toMatchObject({ url: 'https://partner.example/hook', timeoutMs: 10_000 });
    expect(headers).toMatchObject({ 'x-webhook-event': 'webhook.test' });
    expect(verifySignature({ headers, body, secrets: [own] }).ok).toBe(true);
    expect(sent).toHaveLength(1);
    expect(publishedOn(bus)).toMatchObject([{ requestOrigin: null }]);
  });

  it.each([
    [answered(500), 'status 500'],
    [answered(302), 'status 302'],
    [timeout, 'did not respond to the ping: timeout'],
    [{ ...timeout, status: 200 }, 'responded to the ping with status 200 and then failed: timeout'],
  ])('rejects with the class of the failure and no address', async (outcome, expected) => {
    const { call, bus } = await serve(outcome);
    const refused = await call('POST', '', { body: aBody({ verify: 'ping' }) });
    expect([refused.status, pointersOf(refused)]).toEqual([422, ['/endpoint_url']]);
    expect(refused.body.detail).toContain(expected);
    expect(JSON.stringify(refused.body)).not.toContain('203.0.113');
    expect(publishedOn(bus)).toEqual([]);
  });

  it('verifies again only if the endpoint changes', async () => {
    const { call, sent, state } = await serve(answered(200));
    const { body } = await call('POST', '', { body: aBody({ verify: 'ping' }) });
    await call('PATCH', `/${body.id}`, { body: { description: 'x', rate_limit: { per_second: 1 } } });
    expect(sent).toHaveLength(1);
    state.outcome = timeout;
    const move = { endpoint_url: 'https://elsewhere.example/' };
    expect((await call('PATCH', `/${body.id}`, { body: move })).status).toBe(422);
    expect(sent.at(-1)?.url).toBe('https://elsewhere.example/');
    expect((await call('PATCH', `/${body.id}`, { body: { ...move, verify: 'none' } })).status).toBe(200);
  });
});

describe('verify: challenge', () => {
  const consent = { 'webhook-allowed-origin': 'tidings.example', 'webhook-allowed-rate': '120' };

  it('sends OPTIONS and applies the granted rate', async () => {
    const { call, sent, bus } = await serve(answered(200, consent));
    const rate_limit = { per_second: 50 };
    const secret_headers = { Authorization: 'Bearer x' };
    const created = await call('POST', '', {
      body: aBody({ verify: 'challenge', rate_limit, secret_headers }),
    });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ rate_limit: { per_second: 2, burst: 2 } });
    expect(sent[0]).toMatchObject({
      method: 'OPTIONS',
      url: 'https://partner.example/hook',
      headers: {
        authorization: 'Bearer x',
        'webhook-request-origin': 'tidings.example',
        'webhook-request-rate': '3000',
      },
    });
    expect(publishedOn(bus)).toMatchObject([{ requestOrigin: 'tidings.example' }]);
    const off = await call('PATCH', `/${created.body.id}`, { body: { verify: 'none' } });
    expect(off.status).toBe(200);
    expect(publishedOn(bus).at(-1)).toMatchObject({ requestOrigin: null });
  });

  it('accepts * for any origin and any rate, and requests no rate without a rate limit', async () => {
    const { call, sent } = await serve(answered(200, { 'webhook-allowed-origin': '*' }));
    const { status, body } = await call('POST', '', { body: aBody({ verify: 'challenge' }) });
    expect([status, body]).toMatchObject([201, { rate_limit: null }]);
    expect(sent[0]?.headers).not.toHaveProperty('webhook-request-rate');
    const limited = aBody({ verify: 'challenge', rate_limit: { per_second: 3 } });
    expect((await call('POST', '', { body: limited })).status).toBe(422);
    const granted = await serve(answered(204, { ...consent, 'webhook-allowed-rate': '*' }));
    expect((await granted.call('POST', '', { body: limited })).body).toMatchObject({
      rate_limit: { per_second: 3, burst: 3 },
    });
  });

  it.each([
    [answered(200), 'without WebHook-Allowed-Origin'],
    [answered(200, { ...consent, 'webhook-allowed-origin': 'other.example' }), 'for another origin'],
    [answered(200, { ...consent, 'webhook-allowed-rate': '0' }), 'positive whole number'],
    [answered(405, consent), 'status 405'],
    [timeout, 'timeout'],
  ])('rejects a response without consent', async (outcome, expected) => {
    const { call } = await serve(outcome);
    const refused = await call('POST', '', { body: aBody({ verify: 'challenge' }) });
    expect([refused.status, pointersOf(refused)]).toEqual([422, ['/endpoint_url']]);
    expect(refused.body.detail).toContain(expected);
  });
});
