import { decodeAttempt, topics } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { serveEverything } from '../test/memory/in-memory-service.ts';
import { aBody } from '../test/registry-api.ts';

type Served = Awaited<ReturnType<typeof serveEverything>>;

/** A request that creates or changes something. `secret`: the response field that is shown once. */
type Case = Readonly<{
  path: string;
  body?: object;
  key?: string;
  ifMatch?: string;
  secret?: string;
  /** Additional effect that a run after a crash may have, compared with the first run. */
  after?: 'a new version' | 'the same request again';
}>;

const made = async (
  { call }: Served,
  path: string,
  { key = 'own', ...body }: Readonly<Record<string, unknown>> & Readonly<{ key?: string }>,
): Promise<string> => {
  const { status, body: answer } = await call('POST', path, { body, key });
  expect([path, status]).toEqual([path, 201]);
  return String(answer['id'] ?? answer['name']);
};
const aSubscriptionAt = async (served: Served): Promise<string> =>
  `subscriptions/${await made(served, 'subscriptions', aBody())}`;

const onSubscription =
  (action: string, more: Omit<Case, 'path'> = {}) =>
  async (served: Served): Promise<Case> => ({ path: `${await aSubscriptionAt(served)}/${action}`, ...more });

const onConsumer = (action: string) => async (served: Served) => ({
  path: `consumers/${await made(served, 'consumers', { id: 'acme' })}/${action}`,
  ifMatch: '"1"',
});

const onWorkspace = (action: string) => async (served: Served) => ({
  path: `workspaces/${await made(served, 'workspaces', { id: 'ws_new', key: 'operator' })}/${action}`,
  key: 'operator',
  ifMatch: '"1"',
});

async function withWorkspace(served: Served): Promise<void> {
  await made(served, 'workspaces', { id: 'ws_own', key: 'operator' });
}

const document = {
  asyncapi: '3.0.0',
  info: { title: 'others', version: '1' },
  channels: {
    a: { address: 'a', messages: { 'order.a': { name: 'order.a', payload: { type: 'object' } } } },
    b: { address: 'b', messages: { 'order.b': { name: 'order.b', payload: { type: 'object' } } } },
  },
};

const cases: Readonly<Record<string, (served: Served) => Promise<Case>>> = {
  createSubscription: async () => ({ path: 'subscriptions', body: aBody(), secret: 'secret' }),
  enableSubscription: async (served) => {
    const path = await aSubscriptionAt(served);
    await served.call('POST', `${path}/disable`);
    return { path: `${path}/enable`, ifMatch: '"2"' };
  },
  disableSubscription: onSubscription('disable', { ifMatch: '"1"', body: { reason: 'by hand' } }),
  rotateSecret: onSubscription('rotate-secret', { ifMatch: '"1"', secret: 'secret' }),
  testSubscription: onSubscription('test', { after: 'the same request again' }),
  createEventType: async () => ({
    path: 'event-types',
    body: { name: 'order.paid', schema: { type: 'object' } },
  }),
  addEventTypeSchema: async (served) => ({
    path: `event-types/${await made(served, 'event-types', { name: 'order.paid' })}/schemas`,
    ifMatch: '"1"',
    body: { schema: { type: 'object', properties: { a: { type: 'string' } } } },
  }),
  importEventTypes: async () => ({ path: 'event-types/import', body: document }),
  createConsumer: async () => ({ path: 'consumers', body: { id: 'acme' } }),
  enableConsumer: async (served) => {
    const { path } = await onConsumer('disable')(served);
    await served.call('POST', path);
    return { path: path.replace('disable', 'enable'), ifMatch: '"2"' };
  },
  disableConsumer: onConsumer('disable'),
  createWorkspace: async () => ({ path: 'workspaces', body: { id: 'ws_new' }, key: 'operator' }),
  enableWorkspace: async (served) => {
    const { path, key } = await onWorkspace('disable')(served);
    await served.call('POST', path, { key });
    return { path: path.replace('disable', 'enable'), key, ifMatch: '"2"' };
  },
  disableWorkspace: onWorkspace('disable'),
  createApiKey: async (served) => {
    await withWorkspace(served);
    const body = { name: 'shop', scopes: ['subscriptions:read'] };
    return { path: 'api-keys', body, secret: 'key', after: 'a new version' };
  },
  revokeApiKey: async (served) => {
    await withWorkspace(served);
    return { path: `api-keys/${await made(served, 'api-keys', { scopes: ['subscriptions:read'] })}/revoke` };
  },
  createConsumerToken: async (served) => {
    await withWorkspace(served);
    await made(served, 'consumers', { id: 'acme' });
    return { path: 'consumer-tokens', body: { consumer_id: 'acme' }, secret: 'token' };
  },
  createPortalLink: async (served) => {
    await withWorkspace(served);
    await made(served, 'consumers', { id: 'acme' });
    return { path: 'portal-links', body: { consumer_id: 'acme' }, secret: 'token' };
  },
};

/** Returns the complete stored state: documents by version, their secrets, and the recorded attempts. */
async function stateOf({ documents, bus }: Served) {
  const versions: Record<string, unknown> = {};
  for (const [id, one] of await documents()) {
    const secrets =
      'secrets' in one ? (one.secrets as readonly { id: string }[]).map((secret) => secret.id) : [];
    versions[id] = [one.version, one.state, ...secrets];
  }
  const attempts = bus.records(topics.attempts).map((record) => decodeAttempt(record).deliveryId);
  return { versions, deliveries: [...new Set(attempts)], attempts: attempts.length };
}

const ask = async ({ call }: Served, { path, body, key = 'own', ifMatch }: Case) =>
  call('POST', path, {
    key,
    ...(body === undefined ? {} : { body }),
    headers: { 'idempotency-key': 'once', ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }) },
  });

type Operation = Readonly<{
  operationId: string;
  'x-read-only'?: true;
  parameters: readonly Readonly<{ $ref?: string }>[];
}>;

const takesKey = ({ parameters }: Operation): boolean =>
  parameters.some(({ $ref }) => $ref?.endsWith('/Idempotency-Key') === true);

describe('every POST of the registry', () => {
  it('accepts an Idempotency-Key or declares that it changes nothing, and has a case here', async () => {
    const { paths } = await (await serveEverything()).description();
    const posts = Object.values(paths).flatMap(({ post }) => (post === undefined ? [] : [post as Operation]));
    expect(posts.filter((one) => takesKey(one) === (one['x-read-only'] === true))).toEqual([]);
    const keyed = posts.filter(takesKey).map(({ operationId }) => operationId);
    // The keys of this test are no documents, so that they cannot sign out: access/sign-out.test.ts.
    expect(keyed.filter((id) => id !== 'signOut').toSorted()).toEqual(Object.keys(cases).toSorted());
  });

  it.each(Object.entries(cases))(
    '%s: a repeat gets the first answer and makes nothing',
    async (_, prepare) => {
      const served = await serveEverything();
      const given = await prepare(served);
      const before = await stateOf(served);
      const first = await ask(served, given);
      expect([200, 201]).toContain(first.status);
      const after = await stateOf(served);
      if (given.secret !== 'token') expect(after).not.toEqual(before);
      const again = await ask(served, given);
      expect(again).toMatchObject({ status: first.status, body: first.body });
      for (const name of ['etag', 'location', 'cache-control']) {
        expect(again.headers.get(name)).toBe(first.headers.get(name));
      }
      expect(first.headers.get('idempotency-replayed')).toBeNull();
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      expect(await stateOf(served)).toEqual(after);
      const other = await ask(served, { ...given, ifMatch: '"7"' });
      expect(other.status).toBe(422);
      expect(other.body['detail']).toContain('Idempotency-Key');
      const stored = JSON.stringify(served.keys.all());
      expect(stored).not.toContain(String(first.body[given.secret ?? 'id']));
      expect(stored).toContain('"answer":"v1.');
    },
  );

  it.each(Object.entries(cases))('%s: a run after a crash creates nothing twice', async (_, prepare) => {
    const served = await serveEverything();
    const given = await prepare(served);
    const first = await ask(served, given);
    const done = await stateOf(served);
    served.keys.loseResponses();
    const again = await ask(served, given);
    const after = await stateOf(served);
    expect(again.status).toBe(first.status);
    expect(again.headers.get('idempotency-replayed')).toBeNull();
    expect(after.deliveries).toEqual(done.deliveries);
    expect(Object.keys(after.versions)).toEqual(Object.keys(done.versions));
    if (given.after === undefined) {
      expect(after).toEqual(done);
      const { token, url, expires_at, ...rest } = first.body;
      // A token, also one in the link to a portal, has the second in which it was made.
      const isOfSecond = token !== undefined || String(url).includes('#token=');
      expect(again.body).toMatchObject(isOfSecond ? rest : first.body);
    }
    expect(again.body['id']).toBe(first.body['id']);
  });
});

describe('a rotation that crashed before its response', () => {
  it('returns the secret that it created, even after another rotation', async () => {
    const served = await serveEverything();
    const given = await onSubscription('rotate-secret', { ifMatch: '"1"' })(served);
    const first = await ask(served, given);
    await served.call('POST', given.path);
    served.keys.loseResponses();
    const again = await ask(served, given);
    expect(again).toMatchObject({ status: 200, body: { secret: first.body['secret'], version: 3 } });
    expect(again.body['secrets']).toHaveLength(3);
  });

  it('is rejected if its secret no longer exists, instead of creating another', async () => {
    const served = await serveEverything();
    const given = await onSubscription('rotate-secret')(served);
    await ask(served, given);
    const { body } = await served.call('POST', given.path, { body: { overlap_seconds: 0 } });
    served.keys.loseResponses();
    const again = await ask(served, given);
    expect(again.status).toBe(409);
    expect(again.body['detail']).toContain('replaced');
    const { body: now } = await served.call('GET', given.path.replace('/rotate-secret', ''));
    expect(now['version']).toBe(body['version']);
  });
});
