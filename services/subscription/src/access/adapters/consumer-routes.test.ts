import { describe, expect, it } from 'vitest';
import { serveAccess } from '../../../test/memory/in-memory-access.ts';

const acme = { id: 'acme', name: 'Acme', contact: 'ops@acme.example' };

describe('consumers', () => {
  it('are registered with the id that the workspace chooses, and published without their contact', async () => {
    const { call, records } = await serveAccess();
    const answer = await call('POST', 'consumers', { body: acme });
    expect(answer).toMatchObject({
      status: 201,
      body: { ...acme, workspace_id: 'ws_own', state: 'active', version: 1, propagated: true },
    });
    expect(answer.headers.get('location')).toBe('/v1/webhooks/consumers/acme');
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(records()).toEqual([
      {
        type: 'ConsumerChanged.v1',
        id: 'acme',
        workspaceId: 'ws_own',
        version: 1,
        state: 'active',
        name: 'Acme',
      },
    ]);
    expect(await call('POST', 'consumers', { body: acme })).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    });
    expect(await call('POST', 'consumers', { key: 'other', body: acme })).toMatchObject({
      status: 201,
      body: { workspace_id: 'ws_other' },
    });
  });

  it.each<[string, object]>([
    ['no id', { name: 'Acme' }],
    ['an id with a space', { id: 'a b' }],
    ['an empty id', { id: '' }],
    ['an empty name', { ...acme, name: '' }],
    ['an unknown field', { ...acme, state: 'disabled' }],
  ])('are rejected with %s', async (_how, body) => {
    const { call, records } = await serveAccess();
    expect((await call('POST', 'consumers', { body })).status).toBe(422);
    expect(records()).toEqual([]);
  });

  it.each(['.', '..', 'a\u0085', '\u0000'])(
    'are rejected with the id %j, which a URL cannot contain',
    async (id) => {
      const { call, records } = await serveAccess();
      const answer = await call('POST', 'consumers', { body: { id } });
      expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '/id' }] } });
      expect(records()).toEqual([]);
    },
  );

  it('are found by every accepted id, with any URL client', async () => {
    const { call } = await serveAccess();
    const printable = Array.from({ length: 0x7e - 0x20 }, (_, i) => String.fromCharCode(0x21 + i));
    const ids = [
      ...printable.filter((id) => id !== '.'),
      '...',
      '.a',
      'a/..',
      '%2e',
      '%2E%2e',
      '..%2f',
      '//',
    ];
    for (const id of ids) {
      expect([id, (await call('POST', 'consumers', { body: { id } })).status]).toEqual([id, 201]);
      expect(await call('GET', `consumers/${encodeURIComponent(id)}`)).toMatchObject({
        status: 200,
        body: { id },
      });
    }
  });

  it('are listed by id, in pages, by state, for their workspace only', async () => {
    const { call } = await serveAccess();
    for (const id of ['c', 'a', 'b']) await call('POST', 'consumers', { body: { id } });
    await call('POST', 'consumers', { key: 'other', body: { id: 'x' } });
    await call('POST', 'consumers/b/disable');
    const ids = async (query: string, key = 'own'): Promise<unknown[]> =>
      ((await call('GET', `consumers${query}`, { key })).body['data'] as { id: string }[]).map(
        ({ id }) => id,
      );
    expect(await ids('')).toEqual(['a', 'b', 'c']);
    expect(await ids('?state=disabled')).toEqual(['b']);
    expect(await ids('', 'other')).toEqual(['x']);
    const first = await call('GET', 'consumers?limit=2');
    const cursor = String(first.body['next_cursor']);
    expect(await ids(`?limit=2&cursor=${cursor}`)).toEqual(['c']);
    expect((await call('GET', `consumers?cursor=${cursor}`, { key: 'other' })).status).toBe(400);
    expect((await call('GET', `consumers?cursor=${cursor}&state=active`)).status).toBe(400);
  });

  it('are changed by version, disabled and enabled', async () => {
    const { call, records } = await serveAccess();
    await call('POST', 'consumers', { body: acme });
    const ifMatch = { 'if-match': '"1"' };
    const patch = { body: { contact: null }, headers: ifMatch };
    expect(await call('PATCH', 'consumers/acme', patch)).toMatchObject({
      status: 200,
      body: { name: 'Acme', contact: null, version: 2 },
    });
    expect((await call('PATCH', 'consumers/acme', patch)).status).toBe(412);
    expect((await call('POST', 'consumers/acme/disable', { headers: ifMatch })).status).toBe(412);
    expect((await call('POST', 'consumers/acme/disable')).body).toMatchObject({ state: 'disabled' });
    expect((await call('POST', 'consumers/acme/disable')).body).toMatchObject({ version: 3 });
    expect((await call('PATCH', 'consumers/acme', { body: { name: 'A' } })).body).toMatchObject({
      state: 'disabled',
      version: 4,
    });
    expect((await call('POST', 'consumers/acme/enable')).body).toMatchObject({ state: 'active', version: 5 });
    expect(records().map(({ state }) => state)).toEqual([
      'active',
      'active',
      'disabled',
      'disabled',
      'active',
    ]);
  });

  it('are not visible to other workspaces, and each sees only itself', async () => {
    const { call } = await serveAccess();
    await call('POST', 'consumers', { body: acme });
    await call('POST', 'consumers', { body: { id: 'globex' } });
    const seen = (await call('GET', 'consumers', { key: 'acme' })).body['data'] as { id: string }[];
    expect(seen.map(({ id }) => id)).toEqual(['acme']);
    expect((await call('GET', 'consumers/acme', { key: 'acme' })).status).toBe(200);
    expect((await call('GET', 'consumers/globex', { key: 'acme' })).status).toBe(404);
    expect((await call('POST', 'consumers', { key: 'acme', body: { id: 'mine' } })).status).toBe(403);
    for (const key of ['other', 'acme']) {
      expect((await call('PATCH', 'consumers/acme', { key, body: { name: 'x' } })).status).toBe(404);
      expect((await call('POST', 'consumers/acme/disable', { key })).status).toBe(404);
    }
    expect((await call('GET', 'consumers/acme', { key: 'other' })).status).toBe(404);
    expect((await call('PATCH', 'consumers/acme', { key: 'other', body: 7 })).status).toBe(404);
    expect((await call('GET', 'consumers/acme', { key: 'reader' })).status).toBe(200);
    expect((await call('POST', 'consumers/acme/disable', { key: 'reader' })).status).toBe(403);
    expect((await call('POST', 'consumers', { key: 'reader', body: { id: 'mine' } })).status).toBe(403);
  });

  it('that do not exist are named as in the request', async () => {
    const { call } = await serveAccess();
    const refusals = [
      await call('PATCH', 'consumers/nobody', { body: { name: 'x' } }),
      await call('POST', 'consumers/nobody/enable'),
      await call('GET', 'consumers/nobody'),
    ];
    for (const { status, body } of refusals) {
      expect([status, body['detail']]).toEqual([404, "There is no consumer 'nobody'."]);
    }
  });
});
