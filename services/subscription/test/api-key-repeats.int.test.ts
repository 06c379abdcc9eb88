import { systemClock } from '@tidings/runtime';
import { eventually, sharedMongodbUri } from '@tidings/testing';
import mongoose from 'mongoose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aSite, type RegistrySite, startReadyRegistry } from './crashes/start-registry.ts';
import { accessCaller } from './memory/in-memory-access.ts';

type Entry = { _id: string; claimed_until_ms: number; answer: string | null };
type Caller = ReturnType<typeof accessCaller>;

/** Opens the stored responses directly in the database. */
async function repeatsOf({ database }: RegistrySite) {
  const connection = mongoose.createConnection(sharedMongodbUri(), { dbName: database });
  onTestFinished(async () => connection.close());
  await connection.asPromise();
  return connection.collection<Entry>('idempotency_keys');
}

const body = { name: 'shop', scopes: ['subscriptions:read'] };
const headers = { 'idempotency-key': 'deploy-1' };

const keyOf = ({ body: answer }: Awaited<ReturnType<Caller>>) => String(answer['key']);
// Keys of the site without the operator's own.
const made = async (call: Caller): Promise<number> =>
  ((await call('GET', 'api-keys')).body['data'] as readonly unknown[]).length - 1;
const isLetIn = async (call: Caller, key: string): Promise<boolean> =>
  (await call('GET', 'subscriptions', { key })).status === 200;

describe('POST of a key under an Idempotency-Key', () => {
  it('creates one key, which only a repeat returns again', async () => {
    const site = aSite();
    const { url } = await startReadyRegistry(site);
    const call = accessCaller(url, site.adminKey);
    const first = await call('POST', 'api-keys', { body, headers });
    const again = await call('POST', 'api-keys', { body, headers });
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
    expect(again.headers.get('cache-control')).toBe('no-store');
    expect(await made(call)).toBe(1);
    expect((await call('POST', 'api-keys', { body: { scopes: ['admin'] }, headers })).status).toBe(422);
    const kept = JSON.stringify(await (await repeatsOf(site)).find({}).toArray());
    expect(kept).not.toContain(keyOf(first));
    expect(kept).toContain('"answer":"v1.');
    const other = await call('POST', 'api-keys', { body: { scopes: ['admin'] } });
    await eventually(async () => expect(await isLetIn(call, keyOf(other))).toBe(true));
    const foreign = await call('POST', 'api-keys', { body, headers, key: keyOf(other) });
    expect(foreign.status).toBe(201);
    expect(foreign.body['id']).not.toBe(first.body['id']);
  });

  it('that crashed before its response ends with one key, which the repeat returns', async () => {
    const site = aSite();
    const { url } = await startReadyRegistry(site);
    const call = accessCaller(url, site.adminKey);
    const lost = await call('POST', 'api-keys', { body, headers });
    await eventually(async () => expect(await isLetIn(call, keyOf(lost))).toBe(true));
    const repeats = await repeatsOf(site);
    // The state that a crash after the write leaves.
    const died = { $set: { answer: null, claimed_until_ms: 0 } };
    await repeats.updateMany({}, died);
    const found = await call('POST', 'api-keys', { body, headers });
    expect(found).toMatchObject({ status: 201, body: { id: lost.body['id'], version: 2, state: 'active' } });
    expect(await made(call)).toBe(1);
    await eventually(async () => {
      expect(await isLetIn(call, keyOf(found))).toBe(true);
      expect(await isLetIn(call, keyOf(lost))).toBe(false);
    });
    expect(keyOf(found).startsWith(String(found.body['prefix']))).toBe(true);
    await call('POST', `api-keys/${String(found.body['id'])}/revoke`);
    await repeats.updateMany({}, died);
    const over = await call('POST', 'api-keys', { body, headers });
    expect(over).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('revoked') as string },
    });
  });
});

describe('an expired key', () => {
  it('is shown and listed as expired', async () => {
    let aheadMs = 0;
    const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };
    const site = aSite();
    const { url } = await startReadyRegistry(site, {}, clock);
    const call = accessCaller(url, site.adminKey);
    const expires = new Date(Date.now() + 60_000).toISOString();
    const { body: key } = await call('POST', 'api-keys', { body: { ...body, expires_at: expires } });
    const stays = await call('POST', 'api-keys', { body });
    expect(key['state']).toBe('active');
    aheadMs = 61_000;
    const read = async (below: string): Promise<unknown> => (await call('GET', `api-keys${below}`)).body;
    expect(await read(`/${String(key['id'])}`)).toMatchObject({ state: 'expired', version: 1 });
    expect(await read('?state=expired')).toMatchObject({ data: [{ id: key['id'], state: 'expired' }] });
    const active = (await read('?state=active')) as Readonly<{ data: readonly Readonly<{ id: string }>[] }>;
    expect(active.data.map(({ id }) => id)).toEqual([`key_admin_${site.workspace}`, stays.body['id']]);
    const revoke = `api-keys/${String(key['id'])}/revoke`;
    expect((await call('POST', revoke)).body['state']).toBe('revoked');
    expect(await read('?state=expired')).toMatchObject({ data: [] });
  });
});
