import { consumerId, workspaceId } from '@tidings/contracts';
import { mountRoutes, serve } from '@tidings/http';
import { createServiceContext } from '@tidings/observability';
import { loadConfig } from '@tidings/runtime';
import { anAttemptRecord } from '@tidings/testing/messages';
import { afterEach, describe, expect, it } from 'vitest';
import { testSealingKeys } from '../../../test/builders.ts';
import { createMemoryDeliveryStore } from '../../../test/deliveries/memory-delivery-store.ts';
import { configSpec } from '../../config.ts';
import type { TenantScope } from '../../domain/tenant-scope.ts';
import { metricsCatalogue } from '../../metrics.ts';
import { deliveryOf } from '../domain/delivery.ts';
import { deliveryRoutes } from './delivery-routes.ts';

const path = '/v1/webhooks/deliveries';
const keys = {
  owner: { workspaceId: 'ws_demo', consumerId: null, scopes: ['deliveries:read'] },
  acme: { workspaceId: 'ws_demo', consumerId: 'acme', scopes: ['deliveries:read'] },
  globex: { workspaceId: 'ws_demo', consumerId: 'globex', scopes: ['deliveries:read'] },
  stranger: { workspaceId: 'ws_other', consumerId: null, scopes: ['admin'] },
  publisher: { workspaceId: 'ws_demo', consumerId: null, scopes: ['events:write'] },
} as const;
type Key = keyof typeof keys;
const isKey = (token: string): token is Key => token in keys;

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

const start = async () => {
  const store = createMemoryDeliveryStore();
  const config = loadConfig(configSpec, {
    KAFKA_BROKERS: 'memory:1',
    MONGODB_URI: 'mongodb://memory',
    SEALING_KEYS: testSealingKeys,
  });
  const context = createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'history',
    config,
    catalogue: metricsCatalogue,
  });
  // Of acme, without deliveries.
  const owners = {
    isWithin: (id: string, { workspaceId: workspace, ownerId }: TenantScope) =>
      id === 'sub_acme' && workspace === 'ws_demo' && (ownerId === null || ownerId === 'acme'),
  };
  const authenticate = (token: string) =>
    isKey(token) ? { keyId: token, ...keys[token], scopes: new Set<string>(keys[token].scopes) } : null;
  const { url } = await serve(context, {
    routes: (app) =>
      mountRoutes(app, deliveryRoutes({ store, owners, clock: context.clock }), { authenticate }),
  });
  cleanUps.push(async () => context.resources.close(5_000));
  const get = async (query: string, key: Key) => {
    const response = await fetch(`${url}${query}`, { headers: { authorization: `Bearer ${key}` } });
    const body = (await response.json()) as { data?: { id: string }[]; next_cursor?: string | null };
    return { status: response.status, body };
  };
  return { store, get };
};

it.each([
  ['2126-01-01T00:00:00.000Z', '2126-01-01T00:00:00.000Z'],
  ['2026-01-01T00:00:00.000Z', null],
])('shows the time of a deferral, %s, only while it lies ahead', async (at, shown) => {
  const { store, get } = await start();
  const delivery = deliveryOf(
    anAttemptRecord(1, {
      ...{ workspaceId: workspaceId('ws_demo'), outcome: { kind: 'deferred', reason: 'breaker-open' } },
      next: { kind: 'retry', atMs: Date.parse(at) },
    }),
  );
  await store.insert([delivery]);
  const waits = { status: 'pending', status_reason: 'breaker-open', next_attempt_at: shown };
  expect((await get(`${path}/${delivery.id}`, 'owner')).body).toMatchObject(waits);
  expect((await get(path, 'owner')).body.data).toMatchObject([waits]);
});

describe('the deliveries that a key can see', () => {
  it.each<[Key, number]>([
    ['owner', 200],
    ['acme', 200],
    ['globex', 404],
    ['stranger', 404],
    ['publisher', 403],
  ])('%s reads a delivery of acme: %i', async (key, status) => {
    const { store, get } = await start();
    const delivery = deliveryOf(
      anAttemptRecord(1, { workspaceId: workspaceId('ws_demo'), consumerId: consumerId('acme') }),
    );
    await store.insert([delivery]);
    expect((await get(`${path}/${delivery.id}`, key)).status).toBe(status);
    const list = await get(`${path}?consumer_id=acme`, key);
    if (status !== 403) expect(list.body.data).toHaveLength(status === 200 ? 1 : 0);
    else expect(list.status).toBe(403);
  });

  it.each<[Key, number]>([
    ['owner', 200],
    ['acme', 200],
    ['globex', 404],
    ['stranger', 404],
  ])('%s lists the deliveries of a subscription of acme: %i', async (key, status) => {
    const { store, get } = await start();
    const below = '/v1/webhooks/subscriptions';
    const delivery = deliveryOf(anAttemptRecord(1, { consumerId: consumerId('acme') }));
    await store.insert([delivery, deliveryOf(anAttemptRecord(2, { consumerId: consumerId('acme') }))]);
    // One that is deleted, and left a delivery; one without deliveries.
    const left = await get(`${below}/${delivery.subscriptionId}/deliveries`, key);
    const empty = await get(`${below}/sub_acme/deliveries?status=failed`, key);
    expect([left.status, empty.status]).toEqual([status, status]);
    if (status === 200) {
      expect(left.body.data).toHaveLength(2);
      expect(empty.body.data).toEqual([]);
    }
    expect((await get(`${below}/sub_none/deliveries`, key)).status).toBe(404);
  });

  it('rejects a cursor issued to another key', async () => {
    const { store, get } = await start();
    await store.insert(
      [1, 2, 3].map((n) => deliveryOf(anAttemptRecord(n, { consumerId: consumerId('acme') }))),
    );
    const { body } = await get(`${path}?limit=1`, 'owner');
    expect((await get(`${path}?limit=1&cursor=${body.next_cursor}`, 'owner')).status).toBe(200);
    expect((await get(`${path}?limit=1&cursor=${body.next_cursor}`, 'globex')).status).toBe(400);
    expect((await get(`${path}?limit=1&cursor=${body.next_cursor}`, 'stranger')).status).toBe(400);
  });
});

describe('the time filters of a list', () => {
  it('return what was created between them, page by page', async () => {
    const { store, get } = await start();
    const deliveries = [1, 2, 3, 4].map((n) => ({
      ...deliveryOf(anAttemptRecord(n)),
      createdAtMs: Date.UTC(2026, 0, n),
    }));
    await store.insert(deliveries);
    const between = `${path}?created_after=2026-01-01T00:00:00Z&created_before=2026-01-04T01:00:00%2B01:00&limit=1`;
    const first = await get(between, 'owner');
    const second = await get(`${between}&cursor=${first.body.next_cursor}`, 'owner');
    expect([first, second].map(({ body }) => body.data?.map(({ id }) => id))).toEqual([
      [deliveries[2]?.id],
      [deliveries[1]?.id],
    ]);
    expect(second.body.next_cursor).toBeNull();
    expect(
      (await get(`${path}?created_after=2026-01-02T00:00:00Z&cursor=${first.body.next_cursor}`, 'owner'))
        .status,
    ).toBe(400);
  });

  it.each(['yesterday', '2026-01-01', '2026-02-30T00:00:00Z', '2026-01-01T24:30:00Z', '2026-01-01T00:00:00'])(
    'reject %s',
    async (time) => {
      const { get } = await start();
      const { status, body } = await get(`${path}?created_after=${time}`, 'owner');
      expect([status, body]).toMatchObject([400, { errors: [{ pointer: '/created_after' }] }]);
    },
  );
});
