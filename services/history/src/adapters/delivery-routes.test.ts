import { consumerId, workspaceId } from '@tidings/contracts';
import { mountRoutes, serve } from '@tidings/http';
import { createServiceContext } from '@tidings/observability';
import { loadConfig } from '@tidings/runtime';
import { anAttemptRecord } from '@tidings/testing/messages';
import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryDeliveryStore } from '../../test/memory-delivery-store.ts';
import { configSpec } from '../config.ts';
import { deliveryOf } from '../domain/delivery.ts';
import { metricsCatalogue } from '../metrics.ts';
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
  });
  const context = createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'history',
    config,
    catalogue: metricsCatalogue,
  });
  const authenticate = (token: string) =>
    isKey(token) ? { keyId: token, ...keys[token], scopes: new Set<string>(keys[token].scopes) } : null;
  const { url } = await serve(context, {
    routes: (app) => mountRoutes(app, deliveryRoutes({ store }), { authenticate }),
  });
  cleanUps.push(async () => context.resources.close(5_000));
  const get = async (query: string, key: Key) => {
    const response = await fetch(`${url}${query}`, { headers: { authorization: `Bearer ${key}` } });
    const body = (await response.json()) as { data?: { id: string }[]; next_cursor?: string | null };
    return { status: response.status, body };
  };
  return { store, get };
};

describe('what a key can see', () => {
  it.each<[Key, number]>([
    ['owner', 200],
    ['acme', 200],
    ['globex', 404],
    ['stranger', 404],
    ['publisher', 403],
  ])('%s asks for a delivery of acme: %i', async (key, status) => {
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

  it("a cursor of one key is of no use to another's list", async () => {
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
