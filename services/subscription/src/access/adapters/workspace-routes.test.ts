import type { WorkspaceRecord } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { serveAccess } from '../../../test/memory/in-memory-access.ts';
import { openNoticeUrl } from '../seal-notice.ts';

const key = 'operator';
const url = 'https://chat.example/hooks/T0PSECRET';
const pointersOf = ({ body }: Readonly<{ body: Readonly<Record<string, unknown>> }>): string[] =>
  ((body['errors'] ?? []) as { pointer: string }[]).map(({ pointer }) => pointer);

/** Serves the routes with the workspaces of the keys `own` and `other`. */
async function withWorkspaces() {
  const served = await serveAccess();
  for (const id of ['ws_own', 'ws_other']) await served.call('POST', 'workspaces', { key, body: { id } });
  return served;
}

describe('workspaces', () => {
  it('are strict by default, with the limits of the operator, and contain the request for their first key', async () => {
    const { call, records } = await serveAccess();
    const answer = await call('POST', 'workspaces', { key, body: { id: 'ws_new' } });
    expect(answer.headers.get('location')).toBe('/v1/webhooks/workspaces/ws_new');
    expect(answer).toMatchObject({
      status: 201,
      body: {
        id: 'ws_new',
        name: 'ws_new',
        state: 'active',
        event_type_policy: 'strict',
        allow_http: false,
        max_subscriptions: 50,
        disable_after_failures: 7,
        notice: null,
        retention_days: null,
        propagated: true,
        first_key: { method: 'POST', path: '/v1/webhooks/api-keys', workspace_id: 'ws_new' },
      },
    });
    expect(records()).toMatchObject([{ type: 'WorkspaceChanged.v1', id: 'ws_new', version: 1 }]);
    expect((await call('POST', 'workspaces', { key, body: { id: 'ws_new' } })).status).toBe(409);
  });

  it('show only the origin of the URL of notices, also in the audit log', async () => {
    const { call, records, ring } = await serveAccess();
    const body = { id: 'ws_own', notice: { url, style: 'slack' } };
    const created = await call('POST', 'workspaces', { key, body });
    expect(created.body['notice']).toEqual({ url: 'https://chat.example/***', style: 'slack' });
    const { notice } = records()[0] as WorkspaceRecord;
    expect(openNoticeUrl(ring, records()[0]?.id as WorkspaceRecord['id'], notice?.sealedUrl ?? '')).toBe(url);
    const again = await call('PATCH', 'workspaces/ws_own', { body: { notice: body.notice } });
    expect(again.body).toMatchObject({ version: 1 });
    const without = await call('PATCH', 'workspaces/ws_own', { body: { notice: null } });
    expect(without.body).toMatchObject({ version: 2, notice: null });
    const log = await call('GET', 'audit-log?kind=workspace&entity_id=ws_own');
    expect(log.body['data']).toMatchObject([
      { operation: 'changed', version: 2, before: { notice: '***' }, after: { notice: null } },
      { operation: 'created', version: 1, actor: { key_id: 'key_operator' }, after: { notice: '***' } },
    ]);
    expect(JSON.stringify([created.body, log.body, records()])).not.toContain('T0PSECRET');
  });

  it('keep the URL of notices when a merge patch changes only their style', async () => {
    const { call, records, ring } = await serveAccess();
    await call('POST', 'workspaces', { key, body: { id: 'ws_own', notice: { url, style: 'slack' } } });
    const sealed = (): string => (records().at(-1) as WorkspaceRecord).notice?.sealedUrl ?? '';
    for (const [style, shown] of [
      ['json', 'json'],
      ['slack', 'slack'],
      [null, 'json'],
    ] as const) {
      const changed = await call('PATCH', 'workspaces/ws_own', {
        body: { notice: { style } },
        headers: { 'content-type': 'application/merge-patch+json' },
      });
      expect(changed.body['notice']).toEqual({ url: 'https://chat.example/***', style: shown });
      expect(openNoticeUrl(ring, 'ws_own' as WorkspaceRecord['id'], sealed())).toBe(url);
    }
    const without = await call('PATCH', 'workspaces/ws_own', { body: { notice: { url: null } } });
    expect([without.status, pointersOf(without)]).toEqual([422, ['/notice/url']]);
    await call('PATCH', 'workspaces/ws_own', { body: { notice: null } });
    const styleOnly = await call('PATCH', 'workspaces/ws_own', { body: { notice: { style: 'slack' } } });
    expect([styleOnly.status, pointersOf(styleOnly)]).toEqual([422, ['/notice/url']]);
  });

  it('have a chat of Telegram for notices, whose token is never shown', async () => {
    const { call } = await serveAccess();
    const ofBot = 'https://api.telegram.org/bot1:T0PSECRET/sendMessage';
    const refused = await call('POST', 'workspaces', {
      key,
      body: { id: 'ws_own', notice: { url: ofBot, style: 'telegram' } },
    });
    expect([refused.status, pointersOf(refused)]).toEqual([422, ['/notice/url']]);
    const notice = { url: `${ofBot}?chat_id=-100`, style: 'telegram' };
    const created = await call('POST', 'workspaces', { key, body: { id: 'ws_own', notice } });
    expect(created.body['notice']).toEqual({ url: 'https://api.telegram.org/***', style: 'telegram' });
    const log = await call('GET', 'audit-log?kind=workspace&entity_id=ws_own');
    expect(JSON.stringify([refused.body, created.body, log.body])).not.toContain('T0PSECRET');
    // The URL that is kept is of another chat.
    await call('PATCH', 'workspaces/ws_own', { body: { notice: { url, style: 'slack' } } });
    const styleOnly = await call('PATCH', 'workspaces/ws_own', { body: { notice: { style: 'telegram' } } });
    expect([styleOnly.status, pointersOf(styleOnly)]).toEqual([422, ['/notice/url']]);
  });

  it('have a retention of their own, or that of the installation, for the other services', async () => {
    const { call, records } = await serveAccess();
    const newest = () => records().at(-1) as WorkspaceRecord;
    const created = await call('POST', 'workspaces', { key, body: { id: 'ws_own', retention_days: 400 } });
    expect(created.body).toMatchObject({ retention_days: 400 });
    expect(newest()).toMatchObject({ version: 1, retentionDays: 400 });
    const shortened = await call('PATCH', 'workspaces/ws_own', { body: { retention_days: 7 } });
    expect(shortened.body).toMatchObject({ retention_days: 7 });
    expect(newest()).toMatchObject({ version: 2, retentionDays: 7 });
    const kept = await call('PATCH', 'workspaces/ws_own', { body: { name: 'Own' } });
    expect(kept.body).toMatchObject({ retention_days: 7 });
    const back = await call('PATCH', 'workspaces/ws_own', { body: { retention_days: null } });
    expect(back.body).toMatchObject({ retention_days: null });
    expect(newest()).not.toHaveProperty('retentionDays');
  });

  it('reject a retention beyond the limits, and quote value and limit', async () => {
    const { call } = await withWorkspaces();
    const faultOf = async (retentionDays: number, as?: string) => {
      const options = { body: { retention_days: retentionDays }, ...(as !== undefined && { key: as }) };
      const answer = await call('PATCH', 'workspaces/ws_own', options);
      return [answer.status, (answer.body['errors'] as { detail: string }[] | undefined)?.[0]?.detail];
    };
    expect(await faultOf(0, key)).toEqual([422, expect.stringMatching(/1.*got 0/)]);
    expect(await faultOf(3_651, key)).toEqual([422, expect.stringMatching(/3650.*got 3651/)]);
    expect(await faultOf(31)).toEqual([
      422,
      'can only be raised above 30 days with the scope platform, got 31',
    ]);
    expect(await faultOf(60, key)).toEqual([200, undefined]);
    // A workspace may keep, and shorten, what the operator has granted.
    expect(await faultOf(45)).toEqual([200, undefined]);
  });

  it.each<[string, object, string]>([
    ['an internal URL of notices', { notice: { url: 'https://internal.example/' } }, '/notice/url'],
    ['an http URL of notices', { notice: { url: 'http://chat.example/' } }, '/notice/url'],
    ['a policy that is none', { event_type_policy: 'loose' }, '/event_type_policy'],
    ['a negative bound', { max_subscriptions: -1 }, '/max_subscriptions'],
    ['another id', { id: 'ws_x' }, '/id'],
  ])('reject a change to %s', async (_how, body, pointer) => {
    const { call } = await withWorkspaces();
    const answer = await call('PATCH', 'workspaces/ws_own', { key, body });
    expect(answer.status).toBe(422);
    expect(pointersOf(answer)).toContain(pointer);
  });

  it("allow their own admins to tighten every rule, and to loosen none beyond the operator's limits", async () => {
    const { call } = await withWorkspaces();
    const body = { max_subscriptions: 51, allow_http: true };
    expect(pointersOf(await call('PATCH', 'workspaces/ws_own', { body }))).toEqual([
      '/allow_http',
      '/max_subscriptions',
    ]);
    const tightened = { max_subscriptions: 50, event_type_policy: 'open', name: 'Own' };
    expect((await call('PATCH', 'workspaces/ws_own', { body: tightened })).body).toMatchObject(tightened);
    expect((await call('PATCH', 'workspaces/ws_own', { key, body })).body).toMatchObject(body);
    // A workspace may keep values that the operator has granted.
    expect((await call('PATCH', 'workspaces/ws_own', { body })).status).toBe(200);
    const stale = { body: { name: 'x' }, headers: { 'if-match': '"1"' } };
    expect((await call('PATCH', 'workspaces/ws_own', stale)).status).toBe(412);
  });

  it('are isolated: only the operator can see another workspace or that it exists', async () => {
    const { call } = await withWorkspaces();
    expect((await call('GET', 'workspaces/ws_own')).status).toBe(200);
    expect((await call('GET', 'workspaces/ws_other', { key })).status).toBe(200);
    for (const id of ['ws_other', 'ws_none']) {
      expect((await call('GET', `workspaces/${id}`)).status).toBe(404);
      expect((await call('PATCH', `workspaces/${id}`, { body: { name: 'x' } })).status).toBe(404);
      expect((await call('PATCH', `workspaces/${id}`, { body: 7 })).status).toBe(404);
    }
    expect((await call('GET', 'workspaces/ws_own', { key: 'acme' })).status).toBe(404);
    for (const [method, path] of [
      ['GET', 'workspaces'],
      ['POST', 'workspaces'],
      ['POST', 'workspaces/ws_own/disable'],
      ['POST', 'workspaces/ws_own/enable'],
    ] as const) {
      const body = path === 'workspaces' && method === 'POST' ? { id: 'ws_mine' } : undefined;
      expect((await call(method, path, { body })).status).toBe(403);
    }
  });

  it('are listed, disabled and enabled by the operator', async () => {
    const { call, records } = await withWorkspaces();
    expect((await call('POST', 'workspaces/ws_own/disable', { key })).body).toMatchObject({
      state: 'disabled',
      version: 2,
    });
    const ids = async (query: string): Promise<unknown[]> =>
      ((await call('GET', `workspaces${query}`, { key })).body['data'] as { id: string }[]).map(
        ({ id }) => id,
      );
    expect(await ids('')).toEqual(['ws_other', 'ws_own']);
    expect(await ids('?state=disabled')).toEqual(['ws_own']);
    const cursor = (await call('GET', 'workspaces?limit=1', { key })).body['next_cursor'];
    expect(await ids(`?limit=1&cursor=${String(cursor)}`)).toEqual(['ws_own']);
    await call('POST', 'workspaces/ws_own/enable', { key });
    expect(records().at(-1)).toMatchObject({ id: 'ws_own', state: 'active', version: 3 });
  });
});

describe('the audit log', () => {
  it('shows a workspace only its own changes, newest first, in pages', async () => {
    const { call } = await withWorkspaces();
    for (const name of ['a', 'b', 'c']) await call('PATCH', 'workspaces/ws_own', { body: { name } });
    for (const name of ['x', 'y'])
      await call('PATCH', 'workspaces/ws_other', { key: 'other', body: { name } });
    const versions = async (query: string, by = 'own'): Promise<unknown[]> =>
      ((await call('GET', `audit-log${query}`, { key: by })).body['data'] as { version: number }[]).map(
        ({ version }) => version,
      );
    expect(await versions('')).toEqual([4, 3, 2, 1]);
    expect(await versions('', 'other')).toEqual([3, 2, 1]);
    expect(await versions('?key_id=key_own')).toEqual([4, 3, 2]);
    expect(await versions('?entity_id=ws_other')).toEqual([]);
    expect(await versions('?kind=consumer')).toEqual([]);
    expect(await versions('?after=2020-01-01T00:00:00Z')).toEqual([4, 3, 2, 1]);
    expect(await versions('?before=2020-01-01T00:00:00Z')).toEqual([]);
    expect((await call('GET', 'audit-log?after=2026-02-30T00:00:00Z')).status).toBe(400);
    const cursor = String((await call('GET', 'audit-log?limit=2')).body['next_cursor']);
    expect(await versions(`?limit=2&cursor=${cursor}`)).toEqual([2, 1]);
    expect((await call('GET', 'audit-log?kind=nothing')).status).toBe(400);
    expect((await call('GET', 'audit-log', { key: 'reader' })).status).toBe(403);
  });
});
