import { describe, expect, it } from 'vitest';
import { serveEverything } from '../../../../test/memory/in-memory-service.ts';

const pointersOf = ({ body }: Readonly<{ body: Readonly<Record<string, unknown>> }>): string[] =>
  ((body['errors'] ?? []) as { pointer: string }[]).map(({ pointer }) => pointer);

const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describe('the appearance of the portal', () => {
  it('is that of Tidings until a workspace sets its own, which a merge patch changes in parts', async () => {
    const { call } = await serveEverything();
    await call('POST', 'workspaces', { key: 'operator', body: { id: 'ws_own' } });
    const none = await call('GET', 'portal');
    expect(none.body).toMatchObject({ name: null, logo: null, origins: [], refresh_url: null });
    const portal = {
      name: 'Shop webhooks',
      logo: pixel,
      light: { accent: '#0b5c4a' },
      origins: ['https://app.shop.example'],
      refresh_url: 'https://app.shop.example/webhooks',
    };
    const changed = await call('PATCH', 'workspaces/ws_own', { body: { portal } });
    expect(changed.body['portal']).toEqual({
      ...portal,
      light: { accent: '#0b5c4a', bar: null },
      dark: { accent: null, bar: null },
    });
    await call('PATCH', 'workspaces/ws_own', {
      body: { portal: { name: 'Hooks', light: { bar: '#102030' } } },
    });
    const shown = await call('GET', 'portal');
    expect(shown.body).toMatchObject({
      name: 'Hooks',
      logo: pixel,
      light: { accent: '#0b5c4a', on_accent: '#ffffff', bar: '#102030', on_bar: '#ffffff' },
      dark: { accent: null, bar: null },
    });
    const again = await call('PATCH', 'workspaces/ws_own', { body: { portal: { name: 'Hooks' } } });
    expect(again.body['version']).toBe(3);
    const log = await call('GET', 'audit-log?kind=workspace');
    expect(JSON.stringify(log.body)).not.toContain(pixel);
    const reset = await call('PATCH', 'workspaces/ws_own', { body: { portal: null } });
    expect(reset.body['portal']).toBeNull();
  });

  it.each([
    [{ light: { accent: 'red' } }, '/portal/light/accent'],
    [{ light: { accent: '#fff' } }, '/portal/light/accent'],
    [{ dark: { bar: '#000000;}body{background:url(//evil.example)' } }, '/portal/dark/bar'],
    [{ dark: { accent: 'var(--x)' } }, '/portal/dark/accent'],
    [{ light: { accent: '#ffff00' } }, '/portal/light/accent'],
    [{ name: 'Shop\u202egnp' }, '/portal/name'],
    [{ name: '' }, '/portal/name'],
    [{ logo: 'data:image/svg+xml;base64,PHN2Zy8+' }, '/portal/logo'],
    [{ refresh_url: 'javascript:alert(1)' }, '/portal/refresh_url'],
    [{ origins: ['https://*.example.com'] }, '/portal/origins/0'],
  ])('cannot be %j', async (portal, pointer) => {
    const { call } = await serveEverything();
    await call('POST', 'workspaces', { key: 'operator', body: { id: 'ws_own' } });
    const answer = await call('PATCH', 'workspaces/ws_own', { body: { portal } });
    expect([answer.status, pointersOf(answer)]).toEqual([422, [pointer]]);
    const created = await call('POST', 'workspaces', { key: 'operator', body: { id: 'ws_new', portal } });
    expect([created.status, pointersOf(created)]).toEqual([422, [pointer]]);
  });
});

describe('a link to the portal', () => {
  it('has a token of the consumer in the fragment of its URL', async () => {
    const { call } = await serveEverything();
    await call('POST', 'workspaces', { key: 'operator', body: { id: 'ws_own', event_type_policy: 'open' } });
    const body = { consumer_id: 'acme', path: '/deliveries?status=failed', scopes: ['deliveries:read'] };
    const link = await call('POST', 'portal-links', { body });
    expect(link).toMatchObject({ status: 201, body: { consumer_id: 'acme', scopes: ['deliveries:read'] } });
    expect(link.headers.get('cache-control')).toBe('no-store');
    const { url, token } = link.body as Readonly<{ url: string; token: string }>;
    expect(url).toBe(`https://hooks.example/portal/deliveries?status=failed#token=${token}`);
    const [, claims = ''] = token.split('.');
    const { sub, exp, iat } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<
      string,
      number
    >;
    expect([sub, Number(exp) - Number(iat)]).toEqual(['acme', 900]);
  });

  it.each([
    [{ path: '//evil.example' }, '/path'],
    [{ path: '/\\evil.example' }, '/path'],
    [{ path: 'https://evil.example' }, '/path'],
    [{ path: '/x#token=other' }, '/path'],
    [{ path: '/../operator' }, '/path'],
    [{ expires_in_seconds: 3_601 }, '/expires_in_seconds'],
    [{ scopes: ['admin'] }, '/scopes/0'],
  ])('cannot have %j', async (more, pointer) => {
    const { call } = await serveEverything();
    await call('POST', 'workspaces', { key: 'operator', body: { id: 'ws_own', event_type_policy: 'open' } });
    const answer = await call('POST', 'portal-links', { body: { consumer_id: 'acme', ...more } });
    expect([answer.status, pointersOf(answer)]).toEqual([422, [pointer]]);
  });
});
