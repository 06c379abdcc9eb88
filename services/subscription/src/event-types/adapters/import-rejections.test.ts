import { describe, expect, it } from 'vitest';
import { orderSchema as schema } from '../../../test/memory/in-memory-catalogue.ts';
import { anAsyncApi, anOpenApi, faultsOf, rowsOf, serveImports } from '../../../test/memory/serve-imports.ts';

describe('an import rejects', () => {
  const taken = { payload: schema };
  it.each<[string, object, string, string]>([
    ['a name in upper case', { OrderPaid: taken }, '/components/messages/OrderPaid', 'lower case'],
    ['a reserved name', { 'tidings.x': taken }, '/components/messages/tidings.x', 'reserved'],
    [
      'a remote reference',
      { a: { payload: { $ref: 'https://x.example/s' } } },
      '/components/messages/a/payload/$ref',
      'leads out',
    ],
    ['a remote message', { a: { $ref: 'other.json#/m' } }, '/components/messages/a/$ref', 'leads out'],
    [
      'an invalid schema',
      { a: { payload: { properties: { x: { typ: 'string' } } } } },
      '/components/messages/a/payload/properties/x/typ',
      'no keyword',
    ],
    [
      'one in what it refers to',
      { a: { payload: { items: { $ref: '#/components/schemas/Bad' } } } },
      '/components/schemas/Bad/pattern',
      'bounded time',
    ],
    [
      'a schema with an endless reference',
      { a: { payload: { allOf: [{ $ref: '#/components/schemas/Endless' }] } } },
      '/components/schemas/Endless/anyOf/0/$ref',
      'no check by it would end',
    ],
    [
      'a history with a schema that no data can satisfy',
      { a: { 'x-tidings': { schemas: [{ version: 1, schema_json: '{"$ref":"#"}' }] } } },
      '/components/messages/a/x-tidings/schemas/0',
      'no check by it would end',
    ],
    [
      'another language of schemas',
      { a: { payload: { schemaFormat: 'application/vnd.apache.avro;version=1.9.0', schema: {} } } },
      '/components/messages/a/payload/schemaFormat',
      'must be JSON Schema',
    ],
    [
      'an example that breaks its schema',
      { a: { payload: schema, 'x-example': { id: 'o', total: 'x' } } },
      '/components/messages/a/x-example/total',
      'integer',
    ],
    [
      'a description without end',
      { a: { description: 'x'.repeat(1_001) } },
      '/components/messages/a/description',
      '1000',
    ],
    [
      'an invalid mode',
      { a: { 'x-tidings': { mode: 'maybe' } } },
      '/components/messages/a/x-tidings/mode',
      'enforce',
    ],
    [
      'an invalid time',
      { a: { 'x-tidings': { sunset_at: 'soon' } } },
      '/components/messages/a/x-tidings/sunset_at',
      'RFC 3339',
    ],
    ['an invalid extension', { a: { 'x-tidings': 7 } }, '/components/messages/a/x-tidings', 'object'],
    [
      'a history with a broken schema',
      { a: { 'x-tidings': { schemas: [{ version: 1, schema_json: '{"typ":1}' }] } } },
      '/components/messages/a/x-tidings/schemas/0',
      'no keyword',
    ],
    [
      'a history with a number that no double holds',
      { a: { 'x-tidings': { schemas: [{ version: 1, schema_json: '{"const":9007199254740993}' }] } } },
      '/components/messages/a/x-tidings/schemas/0',
      '/const 9007199254740993 would become 9007199254740992',
    ],
    [
      'a history with a duplicate keyword',
      { a: { 'x-tidings': { schemas: [{ version: 1, schema_json: '{"type":"null","type":"object"}' }] } } },
      '/components/messages/a/x-tidings/schemas/0',
      'more than once',
    ],
    [
      'a history out of order',
      {
        a: {
          'x-tidings': {
            schemas: [
              { version: 2, schema_json: '{}' },
              { version: 2, schema_json: '{}' },
            ],
          },
        },
      },
      '/components/messages/a/x-tidings/schemas/1',
      'above',
    ],
  ])('%s, with its pointer in the document, and nothing else', async (...[, messages, pointer, detail]) => {
    const { take, records } = await serveImports();
    const Endless = { anyOf: [{ $ref: '#/components/schemas/Endless' }, { type: 'null' }] };
    const more = { schemas: { Bad: { pattern: '(a)\\1' }, Endless } };
    const answer = await take(anAsyncApi({ ...messages, 'order.good': taken }, more));
    expect(answer).toMatchObject({ status: 200, body: { counts: { created: 1, refused: 1 } } });
    const [refused] = rowsOf(answer).filter(({ outcome }) => outcome === 'refused');
    expect(refused).toMatchObject({ code: 'unprocessable', version: null });
    expect(refused?.errors[0]?.pointer).toBe(pointer);
    expect(refused?.errors[0]?.detail).toContain(detail);
    expect(records().map(({ name }) => name)).toEqual(['order.good']);
  });

  it('a webhook without a POST, and one without JSON', async () => {
    const { take } = await serveImports();
    const content = { 'application/xml': {} };
    const answer = await take(
      anOpenApi({ a: { put: {} }, b: { post: { requestBody: { content } } }, c: { $ref: '#/no' } }),
    );
    expect(faultsOf(answer)).toEqual([
      ...['/webhooks/a/post', '/webhooks/b/post/requestBody/content', '/webhooks/c/$ref'],
    ]);
  });

  it('a second message of one name', async () => {
    const { take, type } = await serveImports();
    const document = anAsyncApi({ 'order.paid': { description: 'first' }, other: { name: 'order.paid' } });
    const answer = await take(document);
    expect(rowsOf(answer).map(({ outcome }) => outcome)).toEqual(['created', 'refused']);
    expect(rowsOf(answer)[1]?.errors).toEqual([
      {
        pointer: '/components/messages/other',
        detail: "has the same name 'order.paid' as /components/messages/order.paid",
      },
    ]);
    expect(await type('order.paid')).toMatchObject({ description: 'first' });
  });

  it('changes that can break readers, unless forced, and reports unchanged types as unchanged', async () => {
    const { take, type } = await serveImports();
    await take(anAsyncApi({ 'order.paid': taken }));
    const looser = anAsyncApi({ 'order.paid': { payload: { ...schema, required: ['id'] } } });
    const refused = await take(looser);
    expect(rowsOf(refused)).toMatchObject([{ outcome: 'refused', code: 'conflict', version: null }]);
    expect(faultsOf(refused)).toEqual(['/components/messages/order.paid/payload/properties/total']);
    expect(await type('order.paid')).toMatchObject({ version: 1 });
    expect(rowsOf(await take(looser, '?force=true'))).toMatchObject([
      { outcome: 'new_version', version: 2, active_schema: 2 },
    ]);
    expect(rowsOf(await take(looser))).toMatchObject([{ outcome: 'unchanged', version: 2 }]);
  });
});
