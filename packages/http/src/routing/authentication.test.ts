import { createMetrics, silentLogger } from '@tidings/observability';
import { AppError, Health } from '@tidings/runtime';
import { describe, expect, it, onTestFinished } from 'vitest';
import { addressOf, type Caller, createApp, listen, type Principal } from '../index.ts';
import { authorize } from './authentication.ts';

const adminKey = 'an-admin-key-of-some-length';
const admin: Principal = {
  keyId: 'key_admin',
  workspaceId: 'ws_1',
  consumerId: null,
  scopes: new Set(['admin', 'platform']),
};
const reader: Principal = {
  keyId: 'key_1',
  workspaceId: 'ws_1',
  consumerId: 'c',
  scopes: new Set(['deliveries:read']),
};

async function aServer() {
  const app = createApp({
    trustedProxies: ['loopback'],
    service: 'test',
    logger: silentLogger,
    metrics: createMetrics({}, { service: 'test', nodeMetrics: false }),
    health: new Health(),
    routes: (router) => {
      const authenticate = (token: string, { address }: Caller) => {
        if (token === 'slow') return Promise.resolve(address === '203.0.113.9' ? reader : null);
        if (token === 'early') throw new AppError({ code: 'unavailable', message: 'not yet' });
        if (token === 'late') return Promise.reject(new AppError({ code: 'rate-limited', message: 'no' }));
        if (token === 'reader') return reader;
        return token === adminKey ? admin : null;
      };
      const scopes = {
        '/any': 'deliveries:read',
        '/write': 'events:write',
        '/platform': 'platform',
      } as const;
      for (const [path, scope] of Object.entries(scopes)) {
        router.get(path, async (request, response) => {
          const { scopes: held, ...principal } = await authorize(request, authenticate, scope);
          response.json({ ...principal, scopes: [...held] });
        });
      }
      router.get('/address', (request, response) => void response.json(addressOf(request)));
    },
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, logger: silentLogger });
  onTestFinished(async () => server.close(0));
  return async (path: string, authorization?: string, headers: Record<string, string> = {}) =>
    fetch(server.url + path, {
      headers: authorization === undefined ? headers : { ...headers, authorization },
    });
}

describe('authorize', () => {
  it('returns the principal of a key with the scope admin, at routes of any scope', async () => {
    const get = await aServer();
    const response = await get('/any', `Bearer ${adminKey}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      keyId: 'key_admin',
      workspaceId: 'ws_1',
      consumerId: null,
    });
    expect((await get('/write', `bearer   ${adminKey}`)).status).toBe(200);
    expect((await get('/platform', `Bearer ${adminKey}`)).status).toBe(200);
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    `Basic ${adminKey}`,
    adminKey,
    `Bearer ${adminKey} x`,
    `Bearer ${'x'.repeat(5000)}`,
  ])('responds 401 to Authorization %.40j', async (authorization) => {
    const get = await aServer();
    const response = await get('/any', authorization);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await response.json()).toMatchObject({ code: 'unauthorized' });
  });

  it.each([adminKey.slice(0, -1), `${adminKey}x`, adminKey.toUpperCase(), 'x'])(
    'responds 401 to the unknown key %s',
    async (key) => {
      const get = await aServer();
      expect((await get('/any', `Bearer ${key}`)).status).toBe(401);
    },
  );

  it('responds 403 without the scope, and names it', async () => {
    const get = await aServer();
    expect((await get('/any', 'Bearer reader')).status).toBe(200);
    const response = await get('/write', 'Bearer reader');
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ detail: "The key lacks the scope 'events:write'." });
    expect((await get('/platform', 'Bearer reader')).status).toBe(403);
  });

  it('awaits the check of a key, and passes the address behind trusted proxies to it', async () => {
    const get = await aServer();
    const forwarded = { 'x-forwarded-for': '198.51.100.1, 203.0.113.9' };
    expect((await get('/any', 'Bearer slow', forwarded)).status).toBe(200);
    expect((await get('/any', 'Bearer slow')).status).toBe(401);
  });

  it.each([
    ['198.51.100.1, 203.0.113.9, 127.0.0.1', '203.0.113.9'],
    ['203.0.113.9, not an address', '127.0.0.1'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['', '127.0.0.1'],
  ])('reads the address from X-Forwarded-For %j of a trusted proxy: %s', async (forwarded, address) => {
    const get = await aServer();
    const response = await get('/address', undefined, { 'x-forwarded-for': forwarded });
    expect(await response.json()).toBe(address);
  });

  it('responds with the error that the check throws or rejects with', async () => {
    const get = await aServer();
    expect((await get('/any', 'Bearer early')).status).toBe(503);
    expect((await get('/any', 'Bearer late')).status).toBe(429);
  });
});
