import { createMetrics, silentLogger } from '@tidings/observability';
import { AppError, Health } from '@tidings/runtime';
import { describe, expect, it, onTestFinished } from 'vitest';
import { addressOf, type Caller, createApp, listen, type Principal } from '../index.ts';
import { requireKey, requireScope } from './authentication.ts';
import { principalOf } from './request-state.ts';

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
      router.get('/any', requireKey(authenticate), (request, response) => {
        const { scopes, ...principal } = principalOf(request);
        response.json({ ...principal, scopes: [...scopes] });
      });
      router.get(
        '/write',
        requireKey(authenticate, 'events:write'),
        (_request, response) => void response.json({}),
      );
      router.get('/platform', requireKey(authenticate), requireScope('platform'), (_request, response) => {
        response.json({});
      });
      router.get('/address', (request, response) => void response.json(addressOf(request)));
      router.get('/forgotten', (request, response) => void response.json(principalOf(request)));
    },
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, logger: silentLogger });
  onTestFinished(async () => server.close(0));
  return async (path: string, authorization?: string, headers: Record<string, string> = {}) =>
    fetch(server.url + path, {
      headers: authorization === undefined ? headers : { ...headers, authorization },
    });
}

describe('requireKey', () => {
  it('lets the admin key pass and tells who asks', async () => {
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
  ])('answers 401 to %.40j', async (authorization) => {
    const get = await aServer();
    const response = await get('/any', authorization);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await response.json()).toMatchObject({ code: 'unauthorized' });
  });

  it.each([adminKey.slice(0, -1), `${adminKey}x`, adminKey.toUpperCase(), 'x'])(
    'does not know the key %s',
    async (key) => {
      const get = await aServer();
      expect((await get('/any', `Bearer ${key}`)).status).toBe(401);
    },
  );

  it('answers 403 when the scope is missing, and names it', async () => {
    const get = await aServer();
    expect((await get('/any', 'Bearer reader')).status).toBe(200);
    const response = await get('/write', 'Bearer reader');
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ detail: "The key lacks the scope 'events:write'." });
    expect((await get('/platform', 'Bearer reader')).status).toBe(403);
  });

  it('is missed by a route that forgot it', async () => {
    const get = await aServer();
    expect((await get('/forgotten')).status).toBe(500);
  });

  it('waits for a check that takes time, and tells it the address behind trusted proxies', async () => {
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
  ])('takes X-Forwarded-For %j of a trusted proxy for %s', async (forwarded, address) => {
    const get = await aServer();
    const response = await get('/address', undefined, { 'x-forwarded-for': forwarded });
    expect(await response.json()).toBe(address);
  });

  it('answers what the check throws, at once or later', async () => {
    const get = await aServer();
    expect((await get('/any', 'Bearer early')).status).toBe(503);
    expect((await get('/any', 'Bearer late')).status).toBe(429);
  });
});
