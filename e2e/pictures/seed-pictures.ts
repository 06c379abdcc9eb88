import { type Receiver, startReceiver } from '@tidings/testing';
import { Caller } from '../harness/caller.ts';
import type { LocalStack } from '../harness/tidings.ts';
import { seedRuns } from './seed-runs.ts';

/** Content of the pictures: a workspace with partners, traffic, and one endpoint that fails. */
export type Seeded = Readonly<{
  local: LocalStack;
  /** A token of the partner whose portal is shown. */
  token: string;
  /** The id of a run that has failed. */
  failedRun: string;
  close: () => Promise<void>;
}>;

const types = [
  ['order.created', 'An order was placed.'],
  ['order.paid', 'The payment of an order arrived.'],
  ['order.shipped', 'A parcel left the warehouse.'],
  ['invoice.sent', 'An invoice was sent to a customer.'],
] as const;

const partners = [
  ['acme', 'Acme Inc.', 'ops@acme.example'],
  ['globex', 'Globex Corporation', 'webhooks@globex.example'],
  ['initech', 'Initech', null],
  ['umbrella', 'Umbrella Logistics', 'it@umbrella.example'],
] as const;

const subscriptions = [
  ['acme', 'orders', ['order.*'], 'Warehouse of Acme'],
  ['globex', 'all', ['order.*', 'invoice.*'], 'Globex, everything'],
  ['initech', 'broken', ['order.*'], 'Initech, staging'],
  ['umbrella', 'slow', ['order.shipped'], 'Parcels'],
] as const;

const events = 60;

async function startEndpoints(): Promise<Receiver> {
  return startReceiver({
    answer: ({ path, index }) =>
      path === '/broken'
        ? { status: 503, headers: { 'content-type': 'application/json' }, body: '{"error":"maintenance"}' }
        : path === '/slow' && index % 3 === 0
          ? { status: 504, body: 'upstream timed out', delayMs: 400 }
          : { status: 200, body: '{"received":true}', delayMs: 20 + (index % 7) * 15 },
  });
}

/** Fills a new workspace of a stack through the public API. */
export async function seedPictures(stack: LocalStack): Promise<Seeded> {
  const id = `ws_shop_${Date.now().toString(36)}`;
  const operator = new Caller(stack.url, stack.admin_key);
  await operator.call('POST', '/webhooks/workspaces', {
    ...{ id, name: 'The shop', allow_http: true, retention_days: 30 },
  });
  const { key } = await operator.newKey(stack, {
    ...{ workspace_id: id, name: 'console of the shop', scopes: ['events:write', 'admin'] },
  });
  const local = { ...stack, admin_key: key, workspace_id: id };
  const shop = new Caller(local.url, key);
  for (const [name, description] of types)
    await shop.call('POST', '/webhooks/event-types', { name, description, schema: orderSchema });
  for (const [partner, name, contact] of partners)
    await shop.call('POST', '/webhooks/consumers', { id: partner, name, contact });
  const endpoints = await startEndpoints();
  for (const [consumer_id, path, wanted, description] of subscriptions) {
    await shop.call('POST', '/webhooks/subscriptions', {
      ...{ consumer_id, endpoint_url: `${endpoints.url}/${path}`, events: wanted, description },
      ...{ send_test: false, rate_limit: consumer_id === 'globex' ? { per_second: 50 } : null },
    });
  }
  await seedKeys(shop);
  await seedTraffic(shop);
  const failedRun = await seedRuns(local, shop);
  const token = await shop.newToken(local, { consumer_id: 'acme', expires_in_seconds: 3_600 });
  return { local, token, failedRun, close: endpoints.close };
}

const orderSchema = {
  type: 'object',
  properties: { order_id: { type: 'string' }, total: { type: 'number' }, currency: { type: 'string' } },
  required: ['order_id'],
};

async function seedKeys(shop: Caller): Promise<void> {
  const inAYear = new Date(Date.now() + 365 * 86_400_000).toISOString();
  for (const body of [
    { name: 'shop backend', scopes: ['events:write'] },
    { name: 'support tools', scopes: ['deliveries:read', 'deliveries:write'], expires_at: inAYear },
    { name: 'Acme, warehouse', consumer_id: 'acme', scopes: ['subscriptions:read', 'deliveries:read'] },
  ])
    await shop.call('POST', '/webhooks/api-keys', body);
  const { id } = await shop.call('POST', '/webhooks/api-keys', {
    name: 'old importer',
    scopes: ['events:write'],
  });
  await shop.call('POST', `/webhooks/api-keys/${id}/revoke`);
  await shop.call('PATCH', '/webhooks/consumers/acme', { contact: 'noc@acme.example' });
}

async function seedTraffic(shop: Caller): Promise<void> {
  for (let n = 0; n < events; n += 1) {
    const [type] = types[n % types.length] ?? types[0];
    const data = {
      order_id: `ord_${10_240 + n}`,
      total: 19.9 + n,
      currency: 'EUR',
      items: [{ sku: 'A-7', quantity: 2 }],
    };
    await shop.call('POST', '/events', { type, data });
  }
  await shop.list('/webhooks/deliveries?status=delivered&limit=100', events);
  await shop.list('/webhooks/deliveries?status=retrying&limit=100', 5);
}
