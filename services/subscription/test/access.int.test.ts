import { type Clock, systemClock } from '@tidings/runtime';
import { eventually } from '@tidings/testing';
import { describe, expect, it } from 'vitest';
import {
  aSite,
  type RegistrySite,
  type RunningRegistry,
  startReadyRegistry,
} from './crashes/start-registry.ts';
import { aBody } from './registry-api.ts';

type Body = Readonly<Record<string, unknown>>;
type Answer = Readonly<{ status: number; headers: Headers; body: Body }>;

const callerOf =
  (url: string, defaultKey: string) =>
  async (method: string, path: string, { key = defaultKey, body }: { key?: string; body?: Body } = {}) => {
    const response = await fetch(`${url}/v1/webhooks${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: Answer = {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Body,
    };
    return answer;
  };

type Caller = ReturnType<typeof callerOf>;

async function start(
  site: RegistrySite,
  env: Readonly<Record<string, string>> = {},
  clock: Clock = systemClock,
): Promise<RunningRegistry & Readonly<{ api: Caller }>> {
  const registry = await startReadyRegistry(site, env, clock);
  return { ...registry, api: callerOf(registry.url, site.adminKey) };
}

const made = async (api: Caller, body: Body): Promise<Readonly<{ id: string; key: string }>> => {
  const answer = await api('POST', '/api-keys', { body });
  expect(answer.status).toBe(201);
  return answer.body as { id: string; key: string };
};

// A key is accepted once its record has been read back from the topic.
const letIn = async (api: Caller, key: string, path = '/subscriptions'): Promise<void> =>
  eventually(async () => expect((await api('GET', path, { key })).status).toBe(200));

const pointersOf = ({ body }: Answer): readonly unknown[] =>
  (body['errors'] as readonly Readonly<{ pointer: string }>[]).map(({ pointer }) => pointer);

const listed = ({ body }: Answer): readonly Body[] => body['data'] as readonly Body[];

describe('API keys', () => {
  it('are shown once, accepted, marked when used, and rejected within 2 s of their revocation', async () => {
    const site = aSite();
    const { api, url } = await start(site);
    const elsewhere = await start(site);
    const body = {
      ...{ name: 'reader', scopes: ['subscriptions:read'], requests_per_second: 50 },
      max_payload_bytes: 2_048,
    };
    const created = await api('POST', '/api-keys', { body });
    expect(created).toMatchObject({
      status: 201,
      body: { ...body, state: 'active', last_used_at: null, consumer_id: null, propagated: true },
    });
    expect(created.headers.get('cache-control')).toBe('no-store');
    const { id, key } = created.body as { id: string; key: string };
    expect(key).toMatch(/^tdk_[\w-]{43}$/);
    expect(key.startsWith(String(created.body['prefix']))).toBe(true);
    await letIn(api, key);
    await letIn(elsewhere.api, key);
    expect((await api('POST', '/subscriptions', { key, body: aBody() })).status).toBe(403);
    await eventually(async () =>
      expect((await api('GET', `/api-keys/${id}`)).body['last_used_at']).toMatch(/^2/),
    );
    const page = await api('GET', '/api-keys?limit=2');
    expect(listed(page).map((one) => [one['id'], one['is_bootstrap']])).toEqual([
      [`key_admin_${site.workspace}`, true],
      [id, false],
    ]);
    expect(JSON.stringify(page.body)).not.toContain(key);
    const revoked = await api('POST', `/api-keys/${id}/revoke`);
    expect(revoked).toMatchObject({ status: 200, body: { state: 'revoked', version: 2 } });
    const keyIsOut = async (): Promise<void> => {
      for (const there of [url, elsewhere.url]) {
        expect((await callerOf(there, key)('GET', '/subscriptions')).status).toBe(401);
      }
    };
    await eventually(keyIsOut);
    expect((await api('POST', `/api-keys/${id}/revoke`)).body['version']).toBe(2);
    expect(listed(await api('GET', '/api-keys?state=active'))).toHaveLength(1);
    const own = await api('POST', `/api-keys/key_admin_${site.workspace}/revoke`);
    expect(own).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('ADMIN_KEY') as string },
    });
  });

  it('cannot grant scopes that they lack, or give a consumer access beyond itself', async () => {
    const site = aSite();
    const { api } = await start(site, { WORKSPACE_POLICY: 'strict' });
    const admin = await made(api, { scopes: ['admin'] });
    await letIn(api, admin.key);
    const grant = async (body: Body): Promise<Answer> => api('POST', '/api-keys', { key: admin.key, body });
    expect((await grant({ scopes: ['platform'] })).status).toBe(403);
    expect((await grant({ scopes: ['events:write'] })).status).toBe(201);
    expect((await grant({ scopes: ['events:write'], workspace_id: 'ws_other' })).status).toBe(403);
    expect(
      (await api('POST', '/api-keys', { body: { scopes: ['events:write'], workspace_id: 'ws_none' } }))
        .status,
    ).toBe(422);
    const beyond = await grant({ scopes: ['subscriptions:read', 'events:write'], consumer_id: 'acme' });
    expect([beyond.status, ...pointersOf(beyond)]).toEqual([422, '/scopes']);
    const unknown = await grant({ scopes: ['subscriptions:read'], consumer_id: 'acme' });
    expect([unknown.status, ...pointersOf(unknown)]).toEqual([422, '/consumer_id']);
    const over = await grant({ scopes: ['admin'], expires_at: '2020-01-01T00:00:00Z' });
    expect([over.status, ...pointersOf(over)]).toEqual([422, '/expires_at']);
    expect((await grant({ scopes: ['admin'], name: 'x'.repeat(129) })).status).toBe(422);
    const platform = await api('POST', `/api-keys`, { body: { scopes: ['platform'] } });
    const revoke = `/api-keys/${String(platform.body['id'])}/revoke`;
    expect((await api('POST', revoke, { key: admin.key })).status).toBe(403);
    expect((await api('POST', revoke)).status).toBe(200);
  });

  it('of a consumer see its own objects; keys of another workspace see none', async () => {
    const site = aSite();
    const other = { ...aSite(), database: site.database, sealingKeys: site.sealingKeys };
    await (await start(other)).close();
    const { api } = await start(site);
    const acme = await made(api, {
      scopes: ['subscriptions:read', 'subscriptions:write'],
      consumer_id: 'acme',
    });
    const stranger = await made(api, { scopes: ['admin'], workspace_id: other.workspace });
    await letIn(api, acme.key);
    await letIn(api, stranger.key);
    const ours = await api('POST', '/subscriptions', { body: aBody({ consumer_id: 'acme' }) });
    const theirs = await api('POST', '/subscriptions', { body: aBody({ consumer_id: 'globex' }) });
    const read = async (key: string, { body }: Answer): Promise<number> =>
      (await api('GET', `/subscriptions/${String(body['id'])}`, { key })).status;
    expect(await read(acme.key, ours)).toBe(200);
    expect(await read(acme.key, theirs)).toBe(404);
    expect(listed(await api('GET', '/subscriptions', { key: acme.key }))).toHaveLength(1);
    expect((await api('GET', '/api-keys', { key: acme.key })).status).toBe(403);
    expect(await read(stranger.key, ours)).toBe(404);
    expect(listed(await api('GET', '/subscriptions', { key: stranger.key }))).toEqual([]);
    for (const [method, below] of [
      ['GET', ''],
      ['POST', '/revoke'],
    ] as const) {
      const answer = await api(method, `/api-keys/${acme.id}${below}`, { key: stranger.key });
      expect(answer.status).toBe(404);
    }
    const seen = listed(await api('GET', '/api-keys?state=active', { key: stranger.key }));
    expect(seen.map(({ id }) => id)).toEqual([stranger.id]);
    expect((await api('GET', `/api-keys?workspace_id=${site.workspace}`, { key: stranger.key })).status).toBe(
      403,
    );
    const far = await api('GET', `/api-keys/${stranger.id}?workspace_id=${other.workspace}`);
    expect(far.body).toMatchObject({ workspace_id: other.workspace, id: stranger.id });
    expect((await api('GET', `/api-keys/${stranger.id}`)).status).toBe(404);
  });
});

describe('consumer tokens', () => {
  it('are accepted for their consumer until they expire or their key is revoked', async () => {
    let aheadMs = 0;
    const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };
    const site = aSite();
    const { api } = await start(site, {}, clock);
    const maker = await made(api, { scopes: ['admin'] });
    await letIn(api, maker.key);
    const issue = async (body: Body): Promise<Answer> =>
      api('POST', '/consumer-tokens', { key: maker.key, body: { consumer_id: 'acme', ...body } });
    const first = await issue({ scopes: ['subscriptions:read'] });
    expect(first.status).toBe(201);
    const inMs = Date.parse(String(first.body['expires_at'])) - Date.now();
    expect(inMs).toBeGreaterThan(880_000);
    expect(inMs).toBeLessThanOrEqual(900_000);
    const token = String(first.body['token']);
    await letIn(api, token);
    await api('POST', '/subscriptions', { body: aBody({ consumer_id: 'globex' }) });
    expect(listed(await api('GET', '/subscriptions', { key: token }))).toEqual([]);
    expect((await api('POST', '/subscriptions', { key: token, body: aBody() })).status).toBe(403);
    expect((await issue({ expires_in_seconds: 3_601 })).status).toBe(422);
    expect((await issue({ scopes: ['events:write'] })).status).toBe(422);
    const long = String((await issue({ expires_in_seconds: 3_600 })).body['token']);
    aheadMs = 906_000;
    expect((await api('GET', '/subscriptions', { key: token })).status).toBe(401);
    expect((await api('GET', '/subscriptions', { key: long })).status).toBe(200);
    await api('POST', `/api-keys/${maker.id}/revoke`);
    await eventually(async () =>
      expect((await api('GET', '/subscriptions', { key: long })).status).toBe(401),
    );
  });
});
