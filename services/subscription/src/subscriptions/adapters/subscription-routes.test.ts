import { describe, expect, it } from 'vitest';
import { serveInMemory } from '../../../test/memory/in-memory-api.ts';
import { publishedOn } from '../../../test/memory/in-memory-registry.ts';
import { aBody, pointersOf } from '../../../test/registry-api.ts';

describe('GET subscriptions', () => {
  it('returns pages with a cursor that is bound to its filters and workspace', async () => {
    const { call } = await serveInMemory();
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1)
      ids.unshift((await call('POST', '', { body: aBody() })).body.id);
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await call('GET', `?limit=2&event=order.paid${cursor}`);
      expect(page.status).toBe(200);
      seen.push(...page.body.data.map(({ id }: { id: string }) => id));
      cursor = page.body.next_cursor === null ? '' : `&cursor=${page.body.next_cursor}`;
      if (cursor !== '') {
        expect(page.headers.get('link')).toContain('rel="next"');
        expect((await call('GET', `?limit=2${cursor}`)).status).toBe(400);
        expect((await call('GET', `?limit=2&event=order.paid${cursor}`, { key: 'other' })).status).toBe(400);
      }
    } while (cursor !== '');
    expect(seen).toEqual(ids);
  });

  it('filters by consumer, event and state; lists deleted ones only on request', async () => {
    const { call } = await serveInMemory();
    const make = async (body: object): Promise<string> =>
      (await call('POST', '', { body: aBody({ ...body }) })).body.id;
    const acme = await make({ consumer_id: 'acme' });
    const off = await make({ is_active: false, events: ['user.created'] });
    const gone = await make({});
    await call('DELETE', `/${gone}`);
    const list = async (query: string): Promise<string[]> =>
      (await call('GET', query)).body.data.map(({ id }: { id: string }) => id);
    expect(await list('')).toEqual([off, acme]);
    expect(await list('?consumer_id=acme')).toEqual([acme]);
    expect(await list('?event=order.a.b')).toEqual([acme]);
    expect(await list('?event=user.created&state=disabled')).toEqual([off]);
    expect(await list('?state=deleted')).toEqual([gone]);
    expect((await call('GET', '', { key: 'other' })).body).toEqual({ data: [], next_cursor: null });
  });

  it.each([
    '?limit=0',
    '?limit=101',
    '?limit=x',
    '?state=on',
    '?event=a b',
    '?cursor=x',
    '?consumer=acme',
    '?state=active&state=deleted',
  ])('returns 400 for %s', async (query) => {
    const { call } = await serveInMemory();
    const answer = await call('GET', query);
    expect(answer.status).toBe(400);
    expect(pointersOf(answer)).toHaveLength(1);
  });
});

describe('PATCH a subscription', () => {
  it('replaces the named fields, creates a version and publishes it', async () => {
    const { call, bus } = await serveInMemory();
    const { body: first } = await call('POST', '', { body: aBody({ description: 'x', timeout_seconds: 5 }) });
    const changed = await call('PATCH', `/${first.id}`, {
      body: { events: ['*'], description: null, is_active: false },
      headers: { 'if-match': '"1"' },
    });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).toBe('"2"');
    expect(changed.body).toMatchObject({
      version: 2,
      events: ['*'],
      description: null,
      timeout_seconds: 5,
      state: 'disabled',
      propagated: true,
    });
    expect(changed.body).not.toHaveProperty('secret');
    expect(publishedOn(bus).at(-1)).toMatchObject({ version: 2, events: ['*'], state: 'disabled' });
    const { warnings: _, ...shown } = changed.body;
    expect((await call('GET', `/${first.id}`)).body).toEqual(shown);
  });

  it('returns 412 for a stale, weak or unknown tag, and accepts one of several', async () => {
    const { call } = await serveInMemory();
    const { body } = await call('POST', '', { body: aBody() });
    const change = async (tag: string): Promise<number> =>
      (await call('PATCH', `/${body.id}`, { body: { description: tag }, headers: { 'if-match': tag } }))
        .status;
    expect(await change('"7"')).toBe(412);
    expect(await change('W/"1"')).toBe(412);
    expect(await change('"abc"')).toBe(412);
    expect(await change('"7", "1"')).toBe(200);
    expect(await change('*')).toBe(200);
    expect(await change('3')).toBe(200);
    expect(await change('3')).toBe(412);
    expect(await change('version 4')).toBe(400);
    const weak = { body: { description: 'x' }, headers: { 'if-match': 'W/"4"' } };
    expect((await call('PATCH', `/${body.id}`, weak)).body.detail).toBe(
      'The subscription is version 4, which If-Match does not allow: read it again and repeat the change with If-Match: "4".',
    );
    const gone = await call('DELETE', `/${body.id}`, { headers: { 'if-match': '"2"' } });
    expect(gone.status).toBe(412);
  });

  it('does not change an operational subscription into another kind, or vice versa', async () => {
    const { call } = await serveInMemory();
    const { body } = await call('POST', '', { body: aBody() });
    const change = { events: ['tidings.subscription.failing'] };
    const answer = await call('PATCH', `/${body.id}`, { body: change });
    expect([answer.status, pointersOf(answer)]).toEqual([422, ['/events']]);
  });

  it('creates no version for a change without effect', async () => {
    const { call, bus } = await serveInMemory();
    const { body } = await call('POST', '', { body: aBody({ headers: { a: '1', b: '2' } }) });
    for (const same of [{}, aBody(), { is_active: true, timeout_seconds: 10 }]) {
      const answer = await call('PATCH', `/${body.id}`, { body: same });
      expect([answer.status, answer.body.version]).toEqual([200, 1]);
    }
    expect(publishedOn(bus)).toHaveLength(1);
  });

  it.each([
    [{ consumer_id: 'acme' }, '/consumer_id'],
    [{ endpoint_url: 'http://internal/' }, '/endpoint_url'],
    [{ events: null }, '/events'],
    [{ signature_style: 'v1a' }, '/signature_style'],
    [{ secret: 'x' }, '/secret'],
  ])('rejects %j', async (body, pointer) => {
    const { call } = await serveInMemory();
    const { body: first } = await call('POST', '', { body: aBody() });
    const answer = await call('PATCH', `/${first.id}`, { body });
    expect(answer.status).toBe(422);
    expect(pointersOf(answer)).toEqual([pointer]);
  });

  it('keeps both changes of two writers without If-Match', async () => {
    const { call } = await serveInMemory();
    const { body } = await call('POST', '', { body: aBody() });
    const answers = await Promise.all([
      call('PATCH', `/${body.id}`, { body: { description: 'one' } }),
      call('PATCH', `/${body.id}`, { body: { timeout_seconds: 7 } }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const { body: last } = await call('GET', `/${body.id}`);
    expect(last).toMatchObject({ version: 3, description: 'one', timeout_seconds: 7 });
  });

  it('is rejected with If-Match if another writer was first', async () => {
    const { call, store } = await serveInMemory();
    const { body } = await call('POST', '', { body: aBody() });
    const replace = store.replace.bind(store);
    store.replace = async (next, expected) => {
      store.replace = replace;
      await call('PATCH', `/${body.id}`, { body: { description: 'faster' } });
      return replace(next, expected);
    };
    const late = { body: { timeout_seconds: 7 }, headers: { 'if-match': '"1"' } };
    expect((await call('PATCH', `/${body.id}`, late)).status).toBe(412);
    expect((await call('GET', `/${body.id}`)).body).toMatchObject({ version: 2, description: 'faster' });
  });
});

describe('every route', () => {
  type Route = Readonly<{ method: string; below: string; body?: object }>;
  const routes: Route[] = [
    { method: 'GET', below: '' },
    { method: 'PATCH', below: '', body: { description: 'x' } },
    { method: 'DELETE', below: '' },
    { method: 'POST', below: '/enable' },
    { method: 'POST', below: '/disable' },
    { method: 'POST', below: '/rotate-secret' },
    { method: 'POST', below: '/test' },
  ];
  const all: Route[] = [
    { method: 'GET', below: '' },
    { method: 'POST', below: '' },
    ...routes.map(({ method, below }) => ({ method, below: `/sub_1${below}` })),
  ];

  it.each(routes)(
    '$method …$below returns 404 for a subscription outside the scope of its key',
    async ({ method, below, ...rest }) => {
      const { call, bus } = await serveInMemory();
      const { body: own } = await call('POST', '', { body: aBody({ consumer_id: 'acme' }) });
      for (const key of ['other', 'globex']) {
        const answer = await call(method, `/${own.id}${below}`, { key, ...rest });
        const unknown = await call(method, `/sub_unknown${below}`, { key, ...rest });
        expect([answer.status, unknown.status]).toEqual([404, 404]);
        expect(answer.body.detail.replace(own.id, 'sub_unknown')).toBe(unknown.body.detail);
      }
      expect(publishedOn(bus)).toHaveLength(1);
      expect((await call(method, `/${own.id}${below}`, { key: 'acme', ...rest })).status).toBe(200);
    },
  );

  it.each(all)('$method $below requires a key and its scope first', async ({ method, below }) => {
    const { call } = await serveInMemory();
    expect((await call(method, below, { key: 'stranger' })).status).toBe(401);
    const { status } = await call(method, below, { key: 'reader' });
    expect(status).toBe(method === 'GET' ? (below === '' ? 200 : 404) : 403);
  });

  it('rejects events that the catalogue rejects, at creation and at a change', async () => {
    const { call } = await serveInMemory();
    const events = ['order.paid', 'nobody.knows'];
    const refused = {
      status: 422,
      body: { errors: [{ pointer: '/events/1', detail: 'is not registered' }] },
    };
    expect(await call('POST', '', { body: aBody({ events }) })).toMatchObject(refused);
    const { body } = await call('POST', '', { body: aBody() });
    expect(await call('PATCH', `/${body.id}`, { body: { events } })).toMatchObject(refused);
    expect((await call('PATCH', `/${body.id}`, { body: { description: 'x' } })).status).toBe(200);
  });

  it('shows propagated: false until the topic has acknowledged a version', async () => {
    const { call, topic } = await serveInMemory();
    topic.fail = 'before';
    const { status, body } = await call('POST', '', { body: aBody() });
    expect([status, body.propagated]).toEqual([201, false]);
    expect((await call('GET', `/${body.id}`)).body.propagated).toBe(false);
    topic.fail = 'never';
    expect((await call('PATCH', `/${body.id}`, { body: { description: 'x' } })).body.propagated).toBe(true);
    expect((await call('GET', '')).body.data[0]?.propagated).toBe(true);
  });
});
