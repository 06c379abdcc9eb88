import { describe, expect, it } from 'vitest';
import {
  faultPointers,
  orderPaid as paid,
  orderSchema as schema,
  serveCatalogue,
} from '../../../test/memory/in-memory-catalogue.ts';

describe('POST event-types', () => {
  it('registers a type with its first schema and publishes its record for ingress', async () => {
    const { call, records } = await serveCatalogue();
    const answer = await call('POST', '', { body: { ...paid, description: 'Somebody paid.' } });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe('/v1/webhooks/event-types/order.paid');
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.body).toMatchObject({
      name: 'order.paid',
      workspace_id: 'ws_own',
      state: 'active',
      mode: 'enforce',
      audience: 'broadcast',
      origin: 'registered',
      active_schema: 1,
      schema,
      example: { id: 'o1', total: 7 },
      propagated: true,
    });
    expect(records()).toEqual([
      {
        type: 'EventTypeChanged.v1',
        workspaceId: 'ws_own',
        name: 'order.paid',
        version: 1,
        state: 'active',
        mode: 'enforce',
        audience: 'broadcast',
        schema: { version: 1, schema },
        deprecatedAtMs: null,
        sunsetAtMs: null,
      },
    ]);
    expect(await call('POST', '', { body: paid })).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });

  it.each<[string, object, string]>([
    ['a reserved name', { name: 'tidings.x' }, '/name'],
    ['the name of the test event', { name: 'webhook.test' }, '/name'],
    ['upper case', { name: 'Order.Paid' }, '/name'],
    ['an invalid name', { name: 'order..paid' }, '/name'],
    ['a path of the API', { name: 'export' }, '/name'],
    [
      'a broken schema',
      { schema: { properties: { a: { pattern: '(a)\\1' } } } },
      '/schema/properties/a/pattern',
    ],
    ['an example that breaks its schema', { example: { id: 'o1' } }, '/example/total'],
    ['an invalid time', { sunset_at: 'soon' }, '/sunset_at'],
    ['an unknown field', { schemas: [] }, '/schemas'],
    ['an invalid state', { state: 'deleted' }, '/state'],
    ['a schema that refers to itself', { schema: { $ref: '#' }, example: null }, '/schema/$ref'],
    [
      'a schema that needs itself inside itself',
      {
        schema: { type: 'object', required: ['next'], properties: { next: { $ref: '#' } } },
        example: null,
      },
      '/schema/properties/next/$ref',
    ],
  ])('rejects %s', async (...[, over, pointer]) => {
    const { call, records } = await serveCatalogue();
    const answer = await call('POST', '', { body: { ...paid, ...over } });
    expect(answer.status).toBe(422);
    expect(faultPointers(answer)).toContain(pointer);
    expect(records()).toEqual([]);
  });
});

describe('GET event-types', () => {
  it('returns pages by name, with filters', async () => {
    const { call } = await serveCatalogue();
    for (const name of ['c.one', 'a.one', 'b.two'])
      await call('POST', '', { body: { name, group: name[0] } });
    await call('POST', '', { body: { name: 'd.old', description: 'Was ONE too' } });
    await call('DELETE', '/d.old');
    const names = async (query: string): Promise<unknown[]> =>
      ((await call('GET', query)).body['data'] as { name: string }[]).map(({ name }) => name);
    expect(await names('')).toEqual(['a.one', 'b.two', 'c.one']);
    expect(await names('?group=b')).toEqual(['b.two']);
    expect(await names('?search=ONE')).toEqual(['a.one', 'c.one']);
    expect(await names('?state=archived&search=one')).toEqual(['d.old']);
    const first = await call('GET', '?limit=2');
    expect(first.body['data']).toMatchObject([{ name: 'a.one' }, { name: 'b.two' }]);
    const cursor = String(first.body['next_cursor']);
    expect(await names(`?limit=2&cursor=${cursor}`)).toEqual(['c.one']);
    expect((await call('GET', `?cursor=${cursor}&search=a`)).status).toBe(400);
    expect((await call('GET', `?limit=2&cursor=${cursor}`, { key: 'other' })).status).toBe(400);
  });

  it('shows a consumer the published types, and another workspace none', async () => {
    const { call } = await serveCatalogue();
    for (const state of ['draft', 'active', 'deprecated', 'archived']) {
      const audience = state === 'active' ? 'addressed' : 'broadcast';
      await call('POST', '', { body: { name: `t.${state}`, state, audience } });
    }
    expect((await call('GET', '', { key: 'other' })).body).toEqual({ data: [], next_cursor: null });
    expect((await call('GET', '/t.active', { key: 'other' })).status).toBe(404);
    expect((await call('PATCH', '/t.active', { key: 'other', body: { mode: 'off' } })).status).toBe(404);
    const seen = (await call('GET', '', { key: 'acme' })).body['data'] as { name: string }[];
    expect(seen.map(({ name }) => name)).toEqual(['t.active', 't.deprecated']);
    expect((await call('GET', '?state=draft', { key: 'acme' })).body['data']).toEqual([]);
    expect((await call('GET', '/t.draft', { key: 'acme' })).status).toBe(404);
    expect((await call('GET', '/t.archived', { key: 'acme' })).status).toBe(404);
    expect((await call('GET', '/t.active', { key: 'acme' })).status).toBe(200);
  });

  it('rejects changes by a consumer and by a key that can only read', async () => {
    const { call, records } = await serveCatalogue();
    await call('POST', '', { body: paid });
    const change = { body: { mode: 'off' }, key: 'acme' };
    expect((await call('PATCH', '/order.paid', change)).status).toBe(404);
    expect((await call('PUT', '/order.paid', change)).status).toBe(404);
    expect((await call('DELETE', '/order.paid', { key: 'acme' })).status).toBe(404);
    expect((await call('POST', '/order.paid/schemas', { key: 'acme', body: { schema } })).status).toBe(404);
    expect((await call('POST', '', { key: 'acme', body: { name: 'a' } })).status).toBe(403);
    expect((await call('PATCH', '/order.paid', { ...change, key: 'reader' })).status).toBe(403);
    expect(records()).toHaveLength(1);
  });
});

describe('changes of an event type', () => {
  it('observe If-Match and create versions, except a change without effect', async () => {
    const { call } = await serveCatalogue();
    await call('POST', '', { body: paid });
    const stale = { body: { mode: 'warn' }, headers: { 'if-match': '"9"' } };
    expect((await call('PATCH', '/order.paid', stale)).status).toBe(412);
    const changed = await call('PATCH', '/order.paid', { ...stale, headers: { 'if-match': '"1"' } });
    expect(changed.body).toMatchObject({ mode: 'warn', version: 2, group: 'orders', example: paid.example });
    expect((await call('PATCH', '/order.paid', { body: { mode: 'warn' } })).body['version']).toBe(2);
    expect((await call('PATCH', '/order.none', { body: {} })).status).toBe(404);
    const replaced = await call('PUT', '/order.paid', { body: { schema, description: 'New.' } });
    expect(replaced.body).toMatchObject({
      version: 3,
      mode: 'enforce',
      group: null,
      example: null,
      description: 'New.',
      active_schema: 1,
    });
  });

  it('deprecate with times, activate again without them, archive and restore, but never return to draft', async () => {
    const { call, records } = await serveCatalogue();
    await call('POST', '', { body: { ...paid, state: 'draft' } });
    const patch = async (body: object) => call('PATCH', '/order.paid', { body });
    expect((await patch({ state: 'active' })).body).toMatchObject({ state: 'active', deprecated_at: null });
    const deprecated = await patch({ state: 'deprecated', sunset_at: '2027-01-31T00:00:00Z' });
    expect(deprecated.body['sunset_at']).toBe('2027-01-31T00:00:00.000Z');
    expect(deprecated.body['deprecated_at']).toMatch(/^20/);
    expect(records().at(-1)).toMatchObject({ state: 'deprecated', sunsetAtMs: Date.UTC(2027, 0, 31) });
    expect((await patch({ state: 'active' })).body).toMatchObject({ deprecated_at: null, sunset_at: null });
    expect(faultPointers(await patch({ state: 'draft' }))).toEqual(['/state']);
    expect((await call('DELETE', '/order.paid')).body['state']).toBe('archived');
    expect(records().at(-1)?.state).toBe('archived');
    expect((await patch({ state: 'active' })).body['state']).toBe('active');
  });

  it('add schemas, which cannot break readers without force', async () => {
    const { call, records } = await serveCatalogue();
    await call('POST', '', { body: paid });
    const compatible = { ...schema, properties: { ...schema.properties, note: { type: 'string' } } };
    const added = await call('POST', '/order.paid/schemas', { body: { schema: compatible } });
    expect(added).toMatchObject({ status: 201, body: { active_schema: 2, version: 2 } });
    const breaking = { ...schema, required: ['id'] };
    const refused = await call('POST', '/order.paid/schemas', { body: { schema: breaking } });
    expect(refused).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(faultPointers(refused)).toEqual(['/schema/properties/total']);
    expect(records().at(-1)?.version).toBe(2);
    const put = await call('PUT', '/order.paid', { body: { schema: breaking } });
    expect([put.status, faultPointers(put)]).toEqual([409, ['/schema/properties/total']]);
    const kept = await call('POST', '/order.paid/schemas', { body: { schema: breaking, activate: false } });
    expect(kept.body).toMatchObject({ active_schema: 2, schema: compatible });
    const chosen = { active_schema: 3 };
    expect((await call('PATCH', '/order.paid', { body: chosen })).status).toBe(409);
    expect((await call('PATCH', '/order.paid', { body: { ...chosen, force: true } })).body).toMatchObject({
      active_schema: 3,
      schema: breaking,
    });
    expect(records().at(-1)?.schema).toEqual({ version: 3, schema: breaking });
    expect((await call('GET', '/order.paid/schemas/1')).body).toMatchObject({ is_active: false, schema });
    expect((await call('GET', '/order.paid/schemas/9')).status).toBe(404);
    expect(faultPointers(await call('PATCH', '/order.paid', { body: { active_schema: 9 } }))).toEqual([
      '/active_schema',
    ]);
    expect((await call('POST', '/order.paid/schemas', { body: { schema: breaking } })).status).toBe(409);
  });

  it('merge an example that is an object, as a merge patch', async () => {
    const { call } = await serveCatalogue();
    await call('POST', '', {
      body: { name: 'a.b', example: { id: 'x', to: { name: 'y', zip: '1' }, list: [1] } },
    });
    const patch = async (body: object) =>
      call('PATCH', '/a.b', { body, headers: { 'content-type': 'application/merge-patch+json' } });
    const merged = await patch({ example: { to: { zip: null, city: 'z' }, list: [2] } });
    expect(merged.body['example']).toEqual({ id: 'x', to: { name: 'y', city: 'z' }, list: [2] });
    expect((await patch({ example: 'text' })).body['example']).toBe('text');
    expect((await patch({ example: null })).body['example']).toBeNull();
  });

  it('validate the example against the new active schema', async () => {
    const { call } = await serveCatalogue();
    await call('POST', '', { body: paid });
    const narrower = {
      ...schema,
      properties: { ...schema.properties, total: { type: 'integer', maximum: 5 } },
    };
    const refused = await call('POST', '/order.paid/schemas', { body: { schema: narrower } });
    expect([refused.status, faultPointers(refused)]).toEqual([422, ['/example/total']]);
    const body = { schema: narrower, example: { id: 'o', total: 5 } };
    expect((await call('POST', '/order.paid/schemas', { body })).status).toBe(201);
  });

  it('of a draft need no force', async () => {
    const { call } = await serveCatalogue();
    await call('POST', '', { body: { ...paid, state: 'draft', example: null } });
    const answer = await call('POST', '/order.paid/schemas', { body: { schema: { type: 'string' } } });
    expect(answer.status).toBe(201);
  });

  it('appear in the audit log, without the text of schemas', async () => {
    const { call, audit, own } = await serveCatalogue();
    await call('POST', '', { body: paid });
    await call('PATCH', '/order.paid', { body: { mode: 'off' } });
    const { items } = await audit.list(
      { workspaceId: own, consumerId: null },
      { kind: 'event_type', entityId: null, keyId: null, afterId: null, limit: 10 },
    );
    expect(items.map(({ operation, before, after }) => [operation, before, after['mode']])).toEqual([
      ['changed', { mode: 'enforce' }, 'off'],
      ['created', null, 'enforce'],
    ]);
    expect(JSON.stringify(items)).not.toContain('schema_json');
  });
});
