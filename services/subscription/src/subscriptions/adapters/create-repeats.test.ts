import { describe, expect, it } from 'vitest';
import { serveInMemory } from '../../../test/memory/in-memory-api.ts';
import { publishedOn } from '../../../test/memory/in-memory-registry.ts';
import { aBody } from '../../../test/registry-api.ts';

describe('POST with an Idempotency-Key', () => {
  const keyed = (key: string, body = aBody()) => ({ body, headers: { 'idempotency-key': key } });

  it('returns the response of the first request for a repeat, secret included, and creates nothing', async () => {
    const { call, bus, replays } = await serveInMemory();
    const first = await call('POST', '', keyed('k1'));
    await call('PATCH', `/${first.body.id}`, { body: { description: 'changed since' } });
    const second = await call(
      'POST',
      '',
      keyed('"k1"', { events: ['order.*'], endpoint_url: aBody()['endpoint_url'] }),
    );
    expect(second.status).toBe(201);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(second.headers.get('etag')).toBe('"1"');
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(new Set(publishedOn(bus).map((record) => record?.id)).size).toBe(1);
    expect(replays()).toBe(1);
  });

  it('rejects another body, and is separate for each workspace', async () => {
    const { call } = await serveInMemory();
    const first = await call('POST', '', keyed('k1'));
    expect((await call('POST', '', keyed('k1', aBody({ events: ['*'] })))).status).toBe(422);
    const other = await call('POST', '', { ...keyed('k1'), key: 'other' });
    expect(other.status).toBe(201);
    expect(other.body.id).not.toBe(first.body.id);
  });

  it('does not store a rejected request, so that it can be corrected', async () => {
    const { call } = await serveInMemory();
    expect((await call('POST', '', keyed('k1', aBody({ events: ['b c'] })))).status).toBe(422);
    expect((await call('POST', '', keyed('k1'))).status).toBe(201);
  });

  it('returns 409 while the first request is in progress', async () => {
    const { call, bus, keys } = await serveInMemory();
    bus.setReachable(false);
    const claims: unknown[] = [];
    const claim = keys.claim.bind(keys);
    keys.claim = async (entry) => {
      claims.push(entry);
      return claim(entry);
    };
    const first = call('POST', '', keyed('k1'));
    await expect.poll(() => claims.length).toBe(1);
    const second = await call('POST', '', keyed('k1'));
    expect(second.status).toBe(409);
    expect(second.headers.get('retry-after')).toBe('1');
    bus.setReachable(true);
    expect((await first).status).toBe(201);
  });

  it('after a write of unknown outcome finds the subscription instead of creating a second one', async () => {
    const { call, store } = await serveInMemory();
    // The subscription to be found again is the last that the workspace limit allows.
    for (let count = 0; count < 9; count += 1) await call('POST', '', { body: aBody() });
    const insert = store.insert.bind(store);
    store.insert = async (subscription) => {
      await insert(subscription);
      store.insert = insert;
      throw new Error('the connection broke after the write');
    };
    expect((await call('POST', '', keyed('k1'))).status).toBe(500);
    const repeat = await call('POST', '', keyed('k1'));
    expect(repeat.status).toBe(201);
    expect(repeat.body.secret).toMatch(/^whsec_/);
    expect((await call('GET', '')).body.data).toHaveLength(10);
    expect(repeat.body.propagated).toBe(true);
  });

  it.each(['', 'x'.repeat(257), 'Grüße'])('rejects the key %j', async (key) => {
    const { call } = await serveInMemory();
    const encoded = Buffer.from(key).toString('latin1');
    expect((await call('POST', '', keyed(encoded))).status).toBe(400);
  });
});
