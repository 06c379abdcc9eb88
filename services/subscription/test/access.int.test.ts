import { randomUUID } from 'node:crypto';
import { eventually } from '@tidings/testing';
import { expect, it } from 'vitest';
import { aPlace, startReadyRegistry } from './start-registry.ts';

type Body = Readonly<Record<string, unknown>> &
  Readonly<{ id: string; key: string; token: string; detail: string }>;
type Listed = Readonly<{ data: readonly Body[] }>;
type Answer = Readonly<{ status: number; body: Body & Listed }>;

async function open() {
  const place = aPlace();
  const { url } = await startReadyRegistry(place);
  const call = async (key: string, request: string, body?: object): Promise<Answer> => {
    const [method = 'GET', path = ''] = request.split(' ');
    const response = await fetch(`${url}/v1/webhooks/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Body & Listed };
  };
  const root = place.adminKey;
  const workspace = async (): Promise<string> => {
    const id = `ws_${randomUUID().slice(0, 8)}`;
    expect((await call(root, 'POST workspaces', { id, name: 'Shop' })).status).toBe(201);
    const made = await call(root, 'POST api-keys', { workspace_id: id, scopes: ['admin'] });
    expect(made.status).toBe(201);
    await eventually(async () => expect((await call(made.body.key, 'GET consumers')).status).toBe(200));
    return made.body.key;
  };
  const keyOf = async (admin: string, body: object): Promise<Body> => {
    const made = await call(admin, 'POST api-keys', body);
    expect(made.status).toBe(201);
    await eventually(async () =>
      expect((await call(made.body.key, 'GET subscriptions')).status).not.toBe(401),
    );
    return made.body;
  };
  return { place, root, call, workspace, keyOf };
}

const hook = { endpoint_url: 'https://partner.example/hook', events: ['*'] };
const partnerScopes = ['subscriptions:read', 'subscriptions:write', 'deliveries:read'];

it('nothing of one workspace or consumer is seen from another: 404, whatever is asked', async () => {
  const { call, workspace, keyOf } = await open();
  const [shop, bank] = [await workspace(), await workspace()];
  for (const id of ['acme', 'globex']) {
    expect((await call(shop, 'POST consumers', { id, contact: 'a@b.example' })).status).toBe(201);
  }
  const acme = await keyOf(shop, { scopes: partnerScopes, consumer_id: 'acme' });
  const globex = await keyOf(shop, { scopes: partnerScopes, consumer_id: 'globex' });
  const { body: mine } = await call(acme.key, 'POST subscriptions', hook);
  expect(mine).toMatchObject({ consumer_id: 'acme' });
  for (const key of [globex.key, bank]) {
    for (const request of ['GET', 'PATCH', 'DELETE'])
      expect(
        (
          await call(
            key,
            `${request} subscriptions/${mine.id}`,
            request === 'PATCH' ? { description: 'x' } : undefined,
          )
        ).status,
      ).toBe(404);
    for (const action of ['enable', 'disable', 'rotate-secret', 'test'])
      expect((await call(key, `POST subscriptions/${mine.id}/${action}`)).status).toBe(404);
    expect((await call(key, 'GET consumers/acme')).status).toBe(404);
    expect((await call(key, 'GET subscriptions')).body.data).toEqual([]);
  }
  expect((await call(bank, `GET api-keys/${acme.id}`)).status).toBe(404);
  expect((await call(bank, `POST api-keys/${acme.id}/revoke`)).status).toBe(404);
  expect((await call(bank, 'PATCH consumers/acme', { name: 'x' })).status).toBe(404);
  expect((await call(bank, `GET audit-log?entity_id=${mine.id}`)).body.data).toEqual([]);
  expect((await call(shop, 'GET workspaces')).status).toBe(403);
  expect((await call(acme.key, 'GET api-keys')).status).toBe(403);
  expect((await call(acme.key, 'GET consumers')).body.data).toMatchObject([{ id: 'acme' }]);
  expect((await call(shop, `GET subscriptions/${mine.id}`)).status).toBe(200);
  // What a strict workspace does not know, nobody may name.
  const stranger = await call(shop, 'POST subscriptions', { ...hook, consumer_id: 'initech' });
  expect([stranger.status, JSON.stringify(stranger.body)]).toEqual([
    422,
    expect.stringContaining('/consumer_id'),
  ]);
});

it('a key grants no more than it holds, shows itself once, and is revoked within two seconds', async () => {
  const { call, root, workspace, keyOf } = await open();
  const shop = await workspace();
  await call(shop, 'POST consumers', { id: 'acme' });
  const refused = [
    { scopes: ['platform'] },
    { scopes: ['events:write'], consumer_id: 'acme' },
    { scopes: ['admin'], consumer_id: 'acme' },
    { scopes: ['root'] },
    { scopes: ['deliveries:read'], consumer_id: 'initech' },
    { scopes: [] },
    { scopes: ['admin'], more: 1 },
    { scopes: ['admin'], workspace_id: 'ws_of_another' },
  ];
  for (const body of refused) expect((await call(shop, 'POST api-keys', body)).status).toBe(422);
  const made = await keyOf(shop, { scopes: ['subscriptions:read'], name: 'CI', expires_in_seconds: 3_600 });
  const { body: shown } = await call(shop, `GET api-keys/${made.id}`);
  expect(shown).toMatchObject({ name: 'CI', state: 'active', prefix: made.key.slice(0, 10) });
  expect(JSON.stringify(await call(shop, 'GET api-keys'))).not.toContain(made.key);
  expect((await call(shop, `POST api-keys/${made.id}/revoke`)).body).toMatchObject({ state: 'revoked' });
  const gone = async () => expect((await call(made.key, 'GET subscriptions')).status).toBe(401);
  await eventually(gone, { timeoutMs: 2_000 });
  const { body: own } = await call(root, 'GET api-keys');
  const bootstrap = own.data.find(({ id }) => id.startsWith('key_admin_'));
  expect((await call(root, `POST api-keys/${bootstrap?.id}/revoke`)).status).toBe(409);
});

it('a token shows one consumer its own things, and ends with its consumer', async () => {
  const { call, workspace } = await open();
  const shop = await workspace();
  await call(shop, 'POST consumers', { id: 'acme' });
  await call(shop, 'POST subscriptions', hook);
  const { body: mine } = await call(shop, 'POST subscriptions', { ...hook, consumer_id: 'acme' });
  const ask = async () => call(shop, 'POST consumer-tokens', { consumer_id: 'acme' });
  await eventually(async () => expect((await ask()).status).toBe(201));
  const { body } = await ask();
  await eventually(async () => expect((await call(body.token, 'GET subscriptions')).status).toBe(200));
  expect((await call(body.token, 'GET subscriptions')).body.data).toMatchObject([{ id: mine.id }]);
  expect((await call(body.token, 'POST subscriptions', hook)).status).toBe(403);
  await call(shop, 'POST consumers/acme/disable');
  await eventually(async () => expect((await call(body.token, 'GET subscriptions')).status).toBe(401), {
    timeoutMs: 2_000,
  });
  expect((await ask()).status).toBe(422);
});

it('the audit log tells who changed what, from where, and no secret', async () => {
  const { call, workspace, keyOf } = await open();
  const shop = await workspace();
  const made = await keyOf(shop, { scopes: ['subscriptions:write'] });
  const { body: mine } = await call(made.key, 'POST subscriptions', {
    ...hook,
    headers: { 'x-token': 'hush' },
  });
  await call(made.key, `PATCH subscriptions/${mine.id}`, { description: 'new' });
  await eventually(async () => {
    const { body } = await call(shop, `GET audit-log?kind=subscription&entity_id=${mine.id}`);
    expect(body.data).toMatchObject([
      {
        operation: 'changed',
        version: 2,
        actor: { key_id: made.id, address: '127.0.0.1' },
        before: { description: null },
        after: { description: 'new' },
      },
      { operation: 'created', version: 1, actor: { key_id: made.id, address: '127.0.0.1' }, before: null },
    ]);
  });
  const everything = JSON.stringify(await call(shop, 'GET audit-log?limit=100'));
  expect(everything).not.toContain('hush');
  expect(everything).not.toContain(made.key);
  expect((await call(made.key, 'GET audit-log')).status).toBe(403);
});

it('no key of a disabled workspace is let in, until it is enabled', async () => {
  const { call, root, workspace } = await open();
  const shop = await workspace();
  const { body } = await call(root, 'GET workspaces?limit=100');
  const { body: consumers } = await call(shop, 'GET audit-log?kind=workspace');
  const id = String(consumers.data[0]?.['entity_id']);
  expect(body.data.map((one) => one.id)).toContain(id);
  await call(root, `POST workspaces/${id}/disable`);
  const status = async () => (await call(shop, 'GET consumers')).status;
  await eventually(async () => expect(await status()).toBe(401), { timeoutMs: 2_000 });
  await call(root, `POST workspaces/${id}/enable`);
  await eventually(async () => expect(await status()).toBe(200), { timeoutMs: 2_000 });
});
