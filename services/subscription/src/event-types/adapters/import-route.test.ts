import { AppError } from '@tidings/runtime';
import { describe, expect, it, vi } from 'vitest';
import { faultPointers, orderSchema as schema } from '../../../test/memory/in-memory-catalogue.ts';
import {
  anAsyncApi,
  anOpenApi,
  outcomesOf,
  rowsOf,
  serveImports,
} from '../../../test/memory/serve-imports.ts';

const aWebhook = (content: object, more: object = {}) => ({
  post: { requestBody: { content: { 'application/json': content } }, responses: {}, ...more },
});

describe('a document of another tool', () => {
  it('in AsyncAPI contains a type for each message, in any position', async () => {
    const { take, type } = await serveImports();
    const document = {
      ...anAsyncApi(
        {
          paid: {
            name: 'order.paid',
            payload: { $ref: '#/components/schemas/Order' },
            tags: [{ name: 'orders' }],
          },
          'order.alias': { $ref: '#/components/messages/paid' },
          'order.bare': { description: 'Nothing about its data.' },
        },
        {
          schemas: {
            Order: {
              ...schema,
              properties: { ...schema.properties, to: { $ref: '#/components/schemas/Person' } },
            },
            Person: { type: 'object', properties: { boss: { $ref: '#/components/schemas/Person' } } },
          },
        },
      ),
      channels: {
        orders: {
          address: 'orders',
          messages: {
            known: { $ref: '#/components/messages/paid' },
            'order.sent': {
              payload: { schemaFormat: 'application/vnd.aai.asyncapi+json;version=3.0.0', schema },
              examples: [{ payload: { id: 'o', total: 1 } }],
            },
          },
        },
      },
    };
    expect(outcomesOf(await take(document))).toEqual({
      ...{ 'order.paid': 'created', 'order.bare': 'created', 'order.sent': 'created' },
    });
    expect(await type('order.paid')).toMatchObject({
      group: 'orders',
      mode: 'enforce',
      schema: {
        properties: { to: { $ref: '#/$defs/Person' } },
        $defs: { Person: { properties: { boss: { $ref: '#/$defs/Person' } } } },
      },
    });
    expect(await type('order.bare')).toMatchObject({ schema: null, description: 'Nothing about its data.' });
    expect(await type('order.sent')).toMatchObject({ schema, example: { id: 'o', total: 1 } });
  });

  it('in OpenAPI contains a type for each webhook, from its body or from the data in it', async () => {
    const { take, type } = await serveImports();
    const envelope = {
      type: 'object',
      properties: { id: {}, type: {}, timestamp: {}, data: { $ref: '#/components/schemas/Order' } },
    };
    const document = anOpenApi(
      {
        'order.paid': aWebhook(
          { schema, example: { id: 'o', total: 1 } },
          { summary: 'Paid.', tags: ['orders'], deprecated: true },
        ),
        'order.sent': aWebhook({
          schema: envelope,
          examples: { one: { $ref: '#/components/examples/Sent' } },
        }),
        'order.lost': { $ref: '#/components/pathItems/Lost' },
      },
      {
        schemas: { Order: schema },
        examples: { Sent: { value: { id: 'e', data: { id: 'o', total: 2 } } } },
        pathItems: { Lost: aWebhook({ schema: { type: 'array' } }) },
      },
    );
    expect(Object.values(outcomesOf(await take(document)))).toEqual(['created', 'created', 'created']);
    expect(await type('order.paid')).toMatchObject({
      ...{
        schema,
        example: { id: 'o', total: 1 },
        description: 'Paid.',
        group: 'orders',
        state: 'deprecated',
      },
    });
    expect(await type('order.sent')).toMatchObject({ schema, example: { id: 'o', total: 2 } });
    expect(await type('order.lost')).toMatchObject({ schema: { type: 'array' }, state: 'active' });
  });

  it('keeps the properties that it cannot express', async () => {
    const { call, take, type } = await serveImports();
    const body = { name: 'order.paid', mode: 'warn', audience: 'addressed', group: 'old' };
    await call('POST', '', { body });
    expect(outcomesOf(await take(anAsyncApi({ 'order.paid': { payload: schema } })))).toEqual({
      'order.paid': 'new_version',
    });
    expect(await type('order.paid')).toMatchObject({
      ...{ mode: 'warn', audience: 'addressed', group: null, schema, version: 2 },
    });
  });
});

describe('a dry run', () => {
  it('returns the results and changes nothing', async () => {
    const { call, take, records, audit, own } = await serveImports();
    for (const name of ['a.same', 'a.other', 'a.broken']) await call('POST', '', { body: { name, schema } });
    const before = records().length;
    const operations = async (): Promise<readonly string[]> => {
      const { items } = await audit.list(
        { workspaceId: own, consumerId: null },
        { kind: 'event_type', entityId: null, keyId: null, afterId: null, limit: 50 },
      );
      return items.map(({ operation }) => operation).sort();
    };
    const done = await operations();
    const document = anAsyncApi({
      'a.same': { payload: schema },
      'a.other': { payload: { ...schema, title: 'New' } },
      'a.broken': { payload: { type: 'string' } },
      'a.new': { payload: schema },
      'a.bad': { payload: schema, 'x-example': {} },
    });
    const entry = await take(document, '?dry_run=true');
    expect(entry.body).toMatchObject({ dry_run: true, counts: { created: 1, new_version: 1, unchanged: 1 } });
    expect(records()).toHaveLength(before);
    expect(await operations()).toEqual(done);
    const real = await take(document);
    expect(outcomesOf(real)).toEqual(outcomesOf(entry));
    expect(rowsOf(real).map(({ version, active_schema }) => [version, active_schema])).toEqual(
      rowsOf(entry).map(({ version, active_schema }) => [version, active_schema]),
    );
    expect(await operations()).toEqual(['created', ...done, 'imported'].sort());
  });
});

describe('an import', () => {
  it.each<[string, unknown, string]>([
    ['nothing known', {}, ''],
    ['an older AsyncAPI', { asyncapi: '2.6.0' }, '/asyncapi'],
    ['an older OpenAPI', { openapi: '3.0.3', webhooks: {} }, '/openapi'],
    ['an OpenAPI without webhooks', { openapi: '3.1.0', paths: {} }, '/webhooks'],
  ])('of %s is rejected as a whole', async (...[, document, pointer]) => {
    const { take } = await serveImports();
    const answer = await take(document);
    expect([answer.status, faultPointers(answer)]).toEqual([422, [pointer]]);
  });

  it('rejects YAML and too many bytes, types or levels', async () => {
    const { call, take } = await serveImports();
    const yaml = { body: {}, headers: { 'content-type': 'application/yaml' } };
    expect(await call('POST', '/import', yaml)).toMatchObject({
      status: 415,
      body: { detail: expect.stringContaining('application/json') as string },
    });
    expect((await take(anAsyncApi({ a: { description: 'x'.repeat(4_194_304) } }))).status).toBe(413);
    const many = Object.fromEntries(Array.from({ length: 501 }, (_, i) => [`t${i}`, {}]));
    expect(await take(anAsyncApi(many))).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('at most 500 event types, got 501') as string },
    });
    let deep: object = {};
    for (let level = 0; level < 70; level += 1) deep = { items: deep };
    expect((await take(anAsyncApi({ a: { payload: deep } }))).status).toBe(422);
  });

  it('returns 503 while the database is unavailable', async () => {
    const { documents, take } = await serveImports();
    const away = new AppError({ code: 'unavailable', message: 'MongoDB is away.' });
    vi.spyOn(documents.store, 'find').mockRejectedValue(away);
    expect((await take(anAsyncApi({ a: {} }))).status).toBe(503);
    expect((await take(anAsyncApi({ a: {} }), '?dry_run=true')).status).toBe(503);
  });

  it('requires a key of the whole workspace with write access', async () => {
    const { take, records } = await serveImports();
    const document = anAsyncApi({ a: {} });
    expect((await take(document, '', 'acme')).status).toBe(403);
    expect((await take(document, '', 'reader')).status).toBe(403);
    expect((await take(document, '?dryrun=1')).status).toBe(400);
    expect(records()).toEqual([]);
  });
});
