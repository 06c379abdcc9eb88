import { createMetrics, silentLogger } from '@tidings/observability';
import { AppError, Health } from '@tidings/runtime';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createApp,
  jsonBody,
  listen,
  mountRoutes,
  type PageQuery,
  type Principal,
  pageParameters,
  pageReply,
  queryOf,
  type Route,
  route,
} from '../index.ts';

const all = new Set(['admin']);
const keys: Readonly<Record<string, Principal>> = {
  own: { keyId: 'key_1', workspaceId: 'ws_1', consumerId: null, scopes: all },
  other: { keyId: 'key_2', workspaceId: 'ws_2', consumerId: null, scopes: all },
  slow: { keyId: 'key_4', workspaceId: 'ws_1', consumerId: null, scopes: all, requestsPerSecond: 2 },
  fast: { keyId: 'key_5', workspaceId: 'ws_1', consumerId: null, scopes: all, requestsPerSecond: 0 },
  reader: { keyId: 'key_3', workspaceId: 'ws_1', consumerId: null, scopes: new Set(['subscriptions:read']) },
};

const about = {
  tag: 'Subscriptions',
  summary: 'A thing',
  responses: { 200: { description: 'A thing.' } },
} as const;
const id = { type: 'string', pattern: '^[a-z]+$' } as const;
type Thing = Readonly<{ name: string }>;
const thing = {
  type: 'object',
  properties: { name: { type: 'string' } },
  required: ['name'],
  additionalProperties: false,
} as const;
type ThingQuery = PageQuery & Readonly<{ open?: boolean; tag?: readonly string[]; least?: number }>;

const requireOwn = async (principal: Principal, version: ReadonlySet<number> | null) => {
  if (principal.workspaceId !== 'ws_1')
    throw new AppError({ code: 'not-found', message: 'There is no thing.' });
  if (version?.has(2) === false)
    throw new AppError({ code: 'precondition-failed', message: 'It is version 2.' });
};

const routes: readonly Route[] = [
  route({
    ...about,
    operationId: 'changeThing',
    method: 'PATCH',
    path: '/things/{id}',
    access: 'subscriptions:write',
    params: { id },
    takes: ['If-Match'],
    body: jsonBody<Thing>({ schema: thing, maxBytes: 100 }),
    find: async ({ principal, ifMatch }) => requireOwn(principal, ifMatch),
    handle: async ({ principal, params, body, ifMatch }) => {
      await requireOwn(principal, ifMatch);
      return { status: 200, body: { id: params.id, name: body.name }, headers: { etag: '"3"' } };
    },
  }),
  route({
    ...about,
    operationId: 'listThings',
    method: 'GET',
    path: '/things',
    access: 'subscriptions:read',
    query: queryOf<ThingQuery>({
      open: { type: 'boolean' },
      tag: { type: 'array', items: { type: 'string', maxLength: 3 } },
      least: { type: 'number' },
      ...pageParameters,
    }),
    handle: async ({ query, request }) => pageReply(request, { data: [query], nextCursor: null }),
  }),
  route({
    ...about,
    operationId: 'pokeThing',
    method: 'POST',
    path: '/things/{id}/poke',
    access: { public: 'anybody may poke' },
    params: { id },
    idempotency: 'derived',
    body: jsonBody<Partial<Thing>>({ schema: { ...thing, required: [] }, ifEmpty: {} }),
    handle: async ({ principal, body, idempotencyKey }) => ({
      status: 200,
      body: { principal, ...body, idempotencyKey },
    }),
  }),
  route({
    ...about,
    operationId: 'exportThings',
    method: 'GET',
    path: '/things/export',
    access: 'subscriptions:read',
    responses: { 200: { description: 'All things.', type: 'text/csv' }, 204: { description: 'Nothing.' } },
    handle: async ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/csv' }).end('a,b');
      return undefined;
    },
  }),
  route({
    ...about,
    operationId: 'readRawThing',
    method: 'GET',
    path: '/things/raw/{id}',
    access: 'subscriptions:read',
    params: { id },
    handle: async ({ params }) => ({
      status: 200,
      body: params.id === 'empty' ? {} : params,
      raw: { 'the "data"': '{"n":9007199254740993}', more: '[1]' },
    }),
  }),
  route({
    ...about,
    operationId: 'readThing',
    method: 'GET',
    path: '/things/{id}',
    access: 'subscriptions:read',
    params: { id },
    handle: async ({ params }) => (params.id === 'none' ? { status: 204 } : { status: 200, body: params }),
  }),
];

async function aServer(limits: Readonly<{ requestsPerSecond?: number }> = {}) {
  const authenticate = (token: string) => keys[token] ?? null;
  const app = createApp({
    service: 'test',
    logger: silentLogger,
    metrics: createMetrics({}, { service: 'test', nodeMetrics: false }),
    health: new Health(),
    routes: (router) => mountRoutes(router, routes, { authenticate, ...limits }),
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, logger: silentLogger });
  onTestFinished(async () => server.close(0));
  return async (line: string, { key = 'own', body, headers = {} }: Partial<Request> = {}) => {
    const [method = '', path = ''] = line.split(' ');
    const response = await fetch(server.url + path, {
      method,
      headers: {
        ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
}
type Request = Readonly<{ key: string; body: string; headers: Record<string, string> }>;

const errorsOf = ({ text }: { text: string }) =>
  (JSON.parse(text) as { errors: { pointer: string; detail: string }[] }).errors;

describe('a declared route', () => {
  it('passes the validated parts of the request to the handler', async () => {
    const call = await aServer();
    const headers = { 'if-match': '"2", W/"1"' };
    const changed = await call('PATCH /things/abc', { body: '{"name":"x"}', headers });
    expect(changed).toMatchObject({ status: 200, text: '{"id":"abc","name":"x"}' });
    expect(changed.headers.get('etag')).toBe('"3"');
    expect(changed.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const poked = await call('POST /things/abc/poke', { key: '', headers: { 'idempotency-key': '"k"' } });
    expect(JSON.parse(poked.text)).toEqual({ principal: null, idempotencyKey: 'k' });
    expect(await call('GET /things/none')).toMatchObject({ status: 204, text: '' });
  });

  it('parses numbers, booleans and repeated query parameters, and applies defaults', async () => {
    const call = await aServer();
    const { text } = await call('GET /things?open=true&tag=a&tag=b&least=-1.5&limit=7');
    expect(JSON.parse(text)).toMatchObject({
      data: [{ open: true, tag: ['a', 'b'], least: -1.5, limit: 7 }],
    });
    expect(JSON.parse((await call('GET /things?tag=a')).text)).toMatchObject({
      data: [{ tag: ['a'], limit: 30 }],
    });
  });

  it.each([
    ['limit=0', '/limit'],
    ['limit=101', '/limit'],
    ['limit=1e1', '/limit'],
    ['limit=', '/limit'],
    ['limit=1&limit=2', '/limit'],
    ['open=yes', '/open'],
    ['tag=long', '/tag/0'],
    ['a/b=1', '/a~1b'],
    ['__proto__=1', '/__proto__'],
  ])('refuses the query %s with one pointer', async (query, pointer) => {
    const call = await aServer();
    const answer = await call(`GET /things?${query}`);
    expect(answer.status).toBe(400);
    expect(errorsOf(answer).map((error) => error.pointer)).toEqual([pointer]);
  });

  it.each<[string, Partial<Request>, number]>([
    ['PATCH /things/abc', { key: '', body: '{', headers: { accept: 'text/html' } }, 401],
    ['PATCH /things/abc', { key: 'reader', body: '{' }, 403],
    ['PATCH /things/abc', { body: '{"name":"x"}', headers: { accept: 'text/html' } }, 406],
    ['PATCH /things/abc', { body: '{}', headers: { 'content-type': 'text/plain' } }, 415],
    ['PATCH /things/abc', { body: `{"name":"${'x'.repeat(100)}"}` }, 413],
    ['PATCH /things/ABC', { body: '{"name":7}' }, 404],
    ['PATCH /things/abc', { key: 'other', body: '{"name":7}' }, 404],
    ['PATCH /things/abc', { body: '{"name":7}', headers: { 'if-match': '"1"' } }, 412],
    ['PATCH /things/abc', { body: '{"name":7}', headers: { 'if-match': '*' } }, 422],
    ['PATCH /things/abc', { body: '{' }, 400],
    ['POST /things/abc/poke', { key: '', headers: { 'idempotency-key': 'caf\u00e9' } }, 400],
    ['POST /things/abc/poke', { key: '', body: '{}', headers: { 'content-type': 'text/plain' } }, 415],
    ['POST /things/abc/poke', { key: '', body: '{"more":1}' }, 422],
  ])('%s with %j is %i', async (line, request, status) => {
    const call = await aServer();
    expect((await call(line, request)).status).toBe(status);
  });

  it('sends members that are JSON already digit for digit', async () => {
    const call = await aServer();
    expect((await call('GET /things/raw/abc')).text).toBe(
      '{"id":"abc","the \\"data\\"":{"n":9007199254740993},"more":[1]}',
    );
    expect((await call('GET /things/raw/empty')).text).toBe(
      '{"the \\"data\\"":{"n":9007199254740993},"more":[1]}',
    );
  });

  it('can write its own response, and takes precedence over a path with a parameter in its place', async () => {
    const call = await aServer();
    expect(await call('GET /things/export', { headers: { accept: 'text/*' } })).toMatchObject({
      status: 200,
      text: 'a,b',
    });
  });

  it('responds 405 with Allow to other methods, and to OPTIONS with the same Allow', async () => {
    const call = await aServer();
    const refused = await call('DELETE /things/abc', { key: '' });
    expect(refused.status).toBe(405);
    expect(refused.headers.get('allow')).toBe('PATCH, GET, HEAD, OPTIONS');
    const options = await call('OPTIONS /things');
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
    expect((await call('HEAD /things')).status).toBe(200);
  });

  it('reports the limit to each key, and responds 429 beyond it at every route', async () => {
    const call = await aServer({ requestsPerSecond: 3 });
    const limitOf = ({ headers }: { headers: Headers }) =>
      [
        'ratelimit-policy',
        'ratelimit',
        'x-ratelimit-limit',
        'x-ratelimit-remaining',
        'x-ratelimit-reset',
      ].map((name) => headers.get(name));
    const first = await call('GET /things', { key: 'slow' });
    expect(limitOf(first)).toEqual(['"key";q=2;w=1', '"key";r=1;t=1', '2', '1', '1']);
    const more = await Promise.all(
      Array.from({ length: 20 }, async (_, i) =>
        call(i % 2 === 0 ? 'GET /things' : 'GET /things/abc', { key: 'slow' }),
      ),
    );
    const [refused = first] = more.filter(({ status }) => status === 429);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(limitOf(refused)).toEqual(['"key";q=2;w=1', '"key";r=0;t=1', '2', '0', '1']);
    expect(limitOf(await call('GET /things'))[0]).toBe('"key";q=3;w=1');
    expect(limitOf(await call('GET /things', { key: 'fast' }))).toEqual([null, null, null, null, null]);
    const metrics = await call('GET /metrics', { key: '' });
    expect(metrics.text).toMatch(/tidings_http_rate_limited_total\{route="\/things",service="test"\} \d/);
    expect(metrics.text).not.toContain('key_4');
    await expect.poll(async () => (await call('GET /things', { key: 'slow' })).status).toBe(200);
  });

  it('can be declared only once', () => {
    const mount = () => mountRoutes({} as never, [...routes, ...routes], { authenticate: () => null });
    expect(mount).toThrow("'changeThing' is declared twice");
  });
});
