import { fakeClock } from '@tidings/runtime/testing';
import { expect, it, onTestFinished, vi } from 'vitest';
import { aConsole } from '../../test/a-session-console.ts';
import { SignInCodes } from './sign-in-codes.ts';

it('exchanges a key for a cookie that no script can read and that does not contain the key', async () => {
  const { post, logger } = await aConsole();
  const response = await post('operator', { key: 'operator-key' });
  expect(response.status).toBe(200);
  const [cookie = ''] = response.headers.getSetCookie();
  expect(cookie).toMatch(/^tidings-operator-\d+=v1\..*; Max-Age=1800; Path=\/; HttpOnly; SameSite=Strict$/);
  const text = await response.text();
  for (const shown of [cookie, text, JSON.stringify(logger.lines)]) {
    expect(shown).not.toContain('operator-key');
    expect(shown).not.toContain(Buffer.from('operator-key').toString('base64url'));
  }
  expect(response.headers.get('cache-control')).toBe('no-store');
});

it('sets Secure and the prefix __Host- behind a proxy with https', async () => {
  const { post } = await aConsole({ TRUSTED_PROXIES: 'loopback' });
  const response = await post('operator', { key: 'operator-key' }, { 'x-forwarded-proto': 'https' });
  expect(response.headers.getSetCookie()[0]).toMatch(/^__Host-tidings-operator=.*; Secure$/);
});

it('replaces the cookie by the key for the API, which never receives the cookie', async () => {
  const { seen, signIn, call } = await aConsole();
  const { cookie } = await signIn();
  await call('/v1/webhooks/deliveries', { headers: { cookie: `other=1; ${cookie}` } });
  expect(seen.at(-1)?.headers).toMatchObject({ authorization: 'Bearer operator-key', cookie: 'other=1' });
  await call('/v1/webhooks/deliveries', { headers: { cookie } });
  expect(seen.at(-1)?.headers.cookie).toBeUndefined();
});

it('leaves a request with its own Authorization as it is, but for the cookie', async () => {
  const { seen, signIn, call } = await aConsole();
  const { cookie } = await signIn();
  const headers = { cookie, authorization: 'Bearer other' };
  await call('/v1/webhooks/deliveries/x/retry', { method: 'POST', headers });
  expect(seen.at(-1)?.headers.authorization).toBe('Bearer other');
  expect(seen.at(-1)?.headers.cookie).toBeUndefined();
});

it('requires the CSRF token of the session for changes, and a page of its own origin for all', async () => {
  const { seen, signIn, call, url } = await aConsole();
  const { cookie, csrf } = await signIn();
  const other = await signIn();
  const before = seen.length;
  const path = '/v1/webhooks/deliveries/x/retry';
  const change = async (headers: Record<string, string>) =>
    (await call(path, { method: 'POST', headers: { cookie, ...headers } })).status;
  expect(await change({})).toBe(403);
  expect(await change({ 'x-tidings-csrf': other.csrf })).toBe(403);
  expect(await change({ 'x-tidings-csrf': csrf, 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(await change({ 'x-tidings-csrf': csrf, 'sec-fetch-site': 'same-site' })).toBe(403);
  expect(await change({ 'x-tidings-csrf': csrf, 'sec-fetch-site': 'none' })).toBe(403);
  const read = async (site: string) =>
    (await call('/v1/webhooks/deliveries', { headers: { cookie, 'sec-fetch-site': site } })).status;
  expect(await read('cross-site')).toBe(403);
  expect(seen.length).toBe(before);
  expect(await read('none')).toBe(200);
  expect(await change({ 'x-tidings-csrf': csrf })).toBe(200);
  // A browser without Sec-Fetch-Site.
  const old = async (origin: string) =>
    (await fetch(url + path, { method: 'POST', headers: { cookie, 'x-tidings-csrf': csrf, origin } })).status;
  expect(await old('https://evil.example')).toBe(403);
  expect(await old('null')).toBe(403);
  expect(await old(url)).toBe(200);
});

it('refuses to sign in from another origin, with a wrong key, and with a key of the other application', async () => {
  const { post } = await aConsole();
  const refusals = [
    await post('operator', { key: 'operator-key' }, { 'sec-fetch-site': 'cross-site' }),
    await post('operator', { key: 'wrong' }),
    await post('operator', { key: 'acme-token' }),
    await post('portal', { token: 'operator-key' }),
    await post('operator', { code: 'guessed' }),
    await post('operator', {}),
    await post('operator', { key: ['operator-key'] }),
  ];
  expect(refusals.map(({ status }) => status)).toEqual([403, 401, 403, 403, 401, 400, 400]);
  for (const response of refusals) expect(response.headers.getSetCookie()).toEqual([]);
});

it('keeps the sessions of the operator and the portal apart', async () => {
  const { seen, signIn, call } = await aConsole();
  const operator = await signIn();
  const portal = await signIn('portal', { token: 'acme-token' });
  const cookie = `${operator.cookie}; ${portal.cookie}`;
  await call('/v1/webhooks/deliveries', { headers: { cookie, 'x-tidings-entry': 'portal' } });
  expect(seen.at(-1)?.headers.authorization).toBe('Bearer acme-token');
  await call('/v1/webhooks/deliveries', { headers: { cookie, 'x-tidings-entry': 'operator' } });
  expect(seen.at(-1)?.headers.authorization).toBe('Bearer operator-key');
  // A cookie under the other name is sealed for its own application.
  const renamed = portal.cookie.replace('portal', 'operator');
  await call('/v1/webhooks/deliveries', { headers: { cookie: renamed } });
  expect(seen.at(-1)?.headers.authorization).toBeUndefined();
});

it('signs out one session, or all sessions of its key', async () => {
  const { seen, signIn, call } = await aConsole();
  const [one, two, three] = [await signIn(), await signIn(), await signIn()];
  const leave = async ({ cookie, csrf }: typeof one, query: string) =>
    call(`/session/operator${query}`, { method: 'DELETE', headers: { cookie, 'x-tidings-csrf': csrf } });
  const isIn = async ({ cookie }: typeof one) => {
    await call('/v1/webhooks/deliveries', { headers: { cookie } });
    return seen.at(-1)?.headers.authorization !== undefined;
  };
  expect(
    (await call('/session/operator', { method: 'DELETE', headers: { cookie: one.cookie } })).status,
  ).toBe(403);
  const left = await leave(one, '');
  expect(left.status).toBe(204);
  expect(left.headers.getSetCookie()[0]).toContain('=; Max-Age=0');
  expect([await isIn(one), await isIn(two), await isIn(three)]).toEqual([false, true, true]);
  await leave(two, '?everywhere=true');
  expect([await isIn(two), await isIn(three)]).toEqual([false, false]);
  vi.useFakeTimers({ now: Date.now() + 1, toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  expect(await isIn(await signIn())).toBe(true);
});

it('ends a session that nobody uses, and every session after its time; a page by itself does not extend one', async () => {
  const { seen, signIn, call } = await aConsole({ CONSOLE_SESSION_IDLE: '10m', CONSOLE_SESSION_MAX: '1h' });
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const minutes = (count: number) => vi.setSystemTime(Date.now() + count * 60_000);
  let { cookie } = await signIn();
  const isIn = async (headers: Record<string, string> = {}) => {
    const response = await call('/v1/webhooks/deliveries', { headers: { cookie, ...headers } });
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    return seen.at(-1)?.headers.authorization !== undefined;
  };
  for (let turn = 0; turn < 6; turn += 1) {
    minutes(9);
    expect(await isIn()).toBe(true);
  }
  minutes(7);
  expect(await isIn()).toBe(false);
  ({ cookie } = await signIn());
  minutes(9);
  expect(await isIn({ 'x-tidings-background': '1' })).toBe(true);
  minutes(2);
  expect(await isIn()).toBe(false);
});

it('opens sessions that another instance with the same keys has sealed, and no others', async () => {
  const keys = { CONSOLE_SESSION_KEYS: `a:${Buffer.alloc(32, 7).toString('base64')}` };
  const first = await aConsole(keys);
  const { cookie } = await first.signIn();
  const authorized = async ({ url, call, seen }: typeof first) => {
    // Without https the port is in the name.
    const renamed = cookie.replace(/operator-\d+/, `operator-${new URL(url).port}`);
    await call('/v1/webhooks/deliveries', { headers: { cookie: renamed } });
    return seen.at(-1)?.headers.authorization;
  };
  expect(await authorized(await aConsole(keys))).toBe('Bearer operator-key');
  expect(await authorized(await aConsole())).toBeUndefined();
});

it('signs in once with the code of a link, on this machine only', async () => {
  const { operatorUrl, post, url } = await aConsole({ TRUSTED_PROXIES: 'loopback' });
  const link = async () => {
    const response = await fetch(`${operatorUrl}/sign-in-links`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key: 'operator-key' }),
    });
    const { path } = (await response.json()) as Readonly<{ path: string }>;
    expect(path).not.toContain('operator-key');
    return { code: path.replace('/#sign-in=', '') };
  };
  const code = await link();
  const look = async (headers = {}) => post('operator/link', code, headers);
  expect((await look({ 'x-forwarded-for': '203.0.113.9' })).status).toBe(401);
  expect((await look({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  expect(await (await look()).json()).toMatchObject({ identity: { key_id: 'key_1' } });
  expect((await post('operator', code, { 'x-forwarded-for': '203.0.113.9' })).status).toBe(401);
  expect((await post('operator', code)).status).toBe(200);
  expect((await post('operator', code)).status).toBe(401);
  expect((await look()).status).toBe(401);
  const isPublic = await fetch(`${url}/sign-in-links`, { method: 'POST', body: '{}' });
  expect(isPublic.status).toBe(404);
});

it('forgets the code of a link after a quarter of an hour', async () => {
  const clock = fakeClock();
  const codes = new SignInCodes(clock);
  const { code } = codes.create('key');
  await clock.advance(15 * 60_000 + 1);
  expect([codes.look(code), codes.take(code)]).toEqual([null, null]);
});
