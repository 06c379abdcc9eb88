import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Mongo, startMongo } from '@tidings/local-stack';
import { eventually } from '@tidings/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Api, apiOf } from '../harness/api.ts';
import { type Collector, startCollector } from '../harness/collector.ts';
import { startRun, untilAllCame } from '../harness/instances.ts';
import { startTidings, type Tidings } from '../harness/tidings.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const perSecond = 60;
const eventsOfEachPhase = 300;
const patience = { timeoutMs: 60_000, everyMs: 100 };

let dataDir: string;
let mongo: Mongo;
let tidings: Tidings;
let api: Api;
let collector: Collector;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidings-lost-'));
  mongo = await startMongo({ dataDir: join(dataDir, 'mongodb'), logDir: dataDir, kind: 'embedded' });
  const env = { MONGODB_URI: mongo.url, WORKSPACE_POLICY: 'open' };
  tidings = await startTidings({ args: ['--no-demo'], env });
  api = apiOf(await tidings.local());
  collector = await startCollector();
});
afterAll(async () => {
  await collector?.close();
  await tidings?.stop();
  await mongo?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

type Answered = Readonly<{ status: number; body: Readonly<Record<string, unknown>> }>;

const call = async (method: string, path: string, body?: unknown): Promise<Answered> =>
  (await api.request(method, `/v1/webhooks/${path}`, body)) as Answered;

const create = async (path: string, body: object): Promise<Answered['body']> => {
  const answer = await call('POST', path, body);
  expect([path, answer.status]).toEqual([path, 201]);
  return answer.body;
};

/** Creates one of each kind of object, with what only the registry knows of it. Returns the paths of all, and what they gave. */
async function createOfEachKind() {
  const { workspace_id } = await tidings.local();
  await create('consumers', { id: 'acme', name: 'Acme', contact: 'ops@acme.example' });
  const schema = { type: 'object', properties: { total: { type: 'number' } } };
  const settings = { name: 'order.paid', state: 'active', description: 'an order', example: { total: 1 } };
  await create('event-types', { ...settings, schema });
  const source = await create('sources', {
    ...{ provider: 'github', name: 'Our repositories', secrets: ['a secret of twenty characters'] },
  });
  const key = await create('api-keys', { name: 'the shop', scopes: ['events:write'] });
  const token = await create('consumer-tokens', { consumer_id: 'acme' });
  const subscription = await create('subscriptions', {
    ...{
      endpoint_url: collector.url,
      events: ['order.paid'],
      send_test: false,
      description: 'of the partner',
    },
    filters: { total: { $gte: 100 } },
    secret_headers: { 'x-credential': 'hush' },
  });
  collector.trust(subscription['secret'] as string);
  const paths = [
    ...['consumers/acme', 'event-types/order.paid', `workspaces/${workspace_id}`],
    ...[`sources/${source['id']}`, `api-keys/${key['id']}`, `subscriptions/${subscription['id']}`],
  ];
  return { paths, key: key['key'] as string, token: token['token'] as string, id: subscription['id'] };
}

// Counters are not part of a version, and are lost with the database.
const counters = ['failure_count', 'last_delivery_at', 'last_used_at', 'propagated'];

const shown = async (paths: readonly string[]): Promise<readonly unknown[]> =>
  Promise.all(
    paths.map(async (path) => {
      const { status, body } = await call('GET', path);
      expect([path, status]).toEqual([path, 200]);
      return Object.fromEntries(Object.entries(body).filter(([name]) => !counters.includes(name)));
    }),
  );

/** Runs a command of the registry against the stack, and returns its exit code and its result. */
async function registry(...args: readonly string[]): Promise<Readonly<{ code: number; out: string }>> {
  const env = { ...process.env, TIDINGS_DATA: tidings.dataDir };
  const command = [join(root, 'deploy', 'local', 'registry.mjs'), ...args];
  return promisify(execFile)(process.execPath, command, { env }).then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    ({ code, stdout }: Readonly<{ code: number; stdout: string }>) => ({ code, out: stdout }),
  );
}

const verified = async (): Promise<void> => {
  const { code, out } = await registry('verify');
  expect([code, out]).toEqual([0, expect.stringContaining('0 differ')]);
};

/** Returns the reason for which the registry is not ready. */
async function reason(): Promise<string | null> {
  const { services } = await tidings.local();
  const response = await fetch(`${services['subscription']}/ready`);
  const { parts } = (await response.json()) as { parts: { name: string; reason?: string }[] };
  const part = parts.find(({ name }) => name === 'operator-key');
  return response.ok ? null : (part?.reason ?? JSON.stringify(parts));
}

const publish = async (key: string, total: number): Promise<number> => {
  const { url } = await tidings.local();
  const response = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'order.paid', data: { total } }),
  });
  return response.status;
};

it('MongoDB is lost with its disk under load: no delivery is, and the registry comes back', async () => {
  const { paths, key, token, id } = await createOfEachKind();
  const before = await shown(paths);
  const run = await startRun(tidings, { types: 3, perSecond });
  const more = async (): Promise<void> => {
    const target = run.load.total() + eventsOfEachPhase;
    await eventually(() => expect(run.load.total()).toBeGreaterThan(target), patience);
  };
  await more();
  await verified();
  await mongo.kill9();
  await rm(join(dataDir, 'mongodb'), { recursive: true, force: true });
  await more();
  expect(await publish(key, 150)).toBe(202);
  await mkdir(join(dataDir, 'mongodb'));
  await mongo.start();
  await eventually(async () => expect(await reason()).toContain('run registry:restore'), patience);
  await more();
  // In the place of what the topics have, nothing is created.
  const { services, admin_key } = await tidings.local();
  const attempt = await fetch(`${services['subscription']}/v1/webhooks/consumers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${admin_key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ id: 'acme', name: 'another' }),
  });
  expect(attempt.status).toBe(503);

  const dry = await registry('restore', '--dry-run');
  expect([dry.code, dry.out]).toEqual([0, expect.stringContaining('subscription: 4 would be restored')]);
  const restored = await registry('restore');
  expect([restored.code, restored.out]).toEqual([0, expect.stringContaining('subscription: 4 restored')]);
  await verified();
  await eventually(async () => expect(await reason()).toBeNull(), patience);
  expect(await shown(paths)).toEqual(before);

  const changed = await call('PATCH', `subscriptions/${id}`, { description: 'changed since' });
  expect(changed).toMatchObject({ status: 200, body: { version: 2, propagated: true } });
  expect(await publish(key, 200)).toBe(202);
  await eventually(() => expect(collector.receipts).toHaveLength(2), patience);
  expect(collector.refused).toEqual([]);
  expect(collector.receipts.map(({ headers }) => headers['x-credential'])).toEqual(['hush', 'hush']);
  const { url } = await tidings.local();
  const asPartner = { headers: { authorization: `Bearer ${token}` } };
  expect((await fetch(`${url}/v1/webhooks/subscriptions`, asPartner)).status).toBe(200);
  await create('consumer-tokens', { consumer_id: 'acme' });
  await more();
  await run.load.stop();
  await untilAllCame(run);
  expect(run.load.failures).toEqual([]);
  expect(run.endpoint.orderBreaks(run.paths)).toEqual([]);
  expect(run.endpoint.duplicates(run.paths)).toBe(0);
  await verified();
  const again = await registry('restore');
  expect([again.code, again.out]).toEqual([0, expect.stringContaining('0 restored')]);
  await run.endpoint.close();
});
