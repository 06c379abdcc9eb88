import { describe, expect, it } from 'vitest';
import { serveImports } from '../../../test/memory/serve-imports.ts';

const schema = {
  type: 'object',
  properties: { id: { type: 'string' }, total: { type: 'integer' } },
  required: ['id', 'total'],
};

describe('an exported document', () => {
  /** Creates types in every state, with every setting, with own names in schemas, and with more than one schema. */
  const filled = async () => {
    const catalogue = await serveImports();
    const { call } = catalogue;
    const tree = {
      $id: 'urn:own',
      type: 'object',
      properties: { kin: { $ref: '#' }, leaf: { $ref: '#/$defs/leaf' } },
      $defs: { leaf: { type: 'string', const: 'x' } },
    };
    const plain = { type: 'object', properties: { next: { $ref: '#' }, 2: {}, a: {} } };
    const bodies = [
      { name: 'order.paid', schema, group: 'orders', description: 'Paid.', example: { id: 'o1', total: 7 } },
      {
        name: 'order.tree',
        schema: { title: 'T', ...tree },
        mode: 'warn',
        audience: 'addressed',
        compatibility: 'forward_transitive',
      },
      { name: 'order.self', schema: plain, mode: 'off' },
      { name: 'order.draft', state: 'draft' },
      {
        name: 'order.late',
        state: 'deprecated',
        deprecated_at: '2026-01-01T00:00:00Z',
        sunset_at: '2027-01-31T00:00:00Z',
      },
      { name: 'order.any', schema: {}, example: [1, 'two', null, { a: {} }] },
      { name: 'order.gone', schema },
    ];
    for (const body of bodies) expect((await call('POST', '', { body })).status).toBe(201);
    const wider = { ...schema, properties: { ...schema.properties, note: { type: 'string' } } };
    await call('POST', '/order.paid/schemas', { body: { schema: wider } });
    await call('POST', '/order.paid/schemas', {
      body: { schema: { ...wider, title: 'Later' }, activate: false },
    });
    await call('DELETE', '/order.gone');
    return catalogue;
  };

  const stateOf = async ({ call, documents, own }: Awaited<ReturnType<typeof serveImports>>) => {
    const { items } = await documents.store.list(
      { workspaceId: own, consumerId: null },
      { where: {}, afterId: null, limit: 100, order: 'rising' },
    );
    return Promise.all(
      items.map(async ({ name, schemas, activeSchema, settings, state }) => ({
        ...{ name, activeSchema, settings, state },
        schemas: schemas.map(({ version, schemaJson }) => ({
          version,
          schema: JSON.parse(schemaJson) as object,
        })),
        shown: (await call('GET', `/${name}`)).body['schema'],
      })),
    );
  };

  it.each(['asyncapi', 'openapi'])(
    'as %s makes the same catalogue elsewhere, and changes nothing there again, nor here',
    async (format) => {
      const one = await filled();
      const document = (await one.call('GET', `/export?format=${format}`)).body;
      const other = await serveImports();
      const first = await other.take(document);
      expect(first).toMatchObject({
        status: 200,
        body: { dry_run: false, counts: { created: 7, refused: 0 } },
      });
      expect(await stateOf(other)).toEqual(await stateOf(one));
      expect((await other.call('GET', `/export?format=${format}`)).body).toEqual(document);
      const entry = other.records().length;
      expect((await other.take(document)).body['counts']).toEqual({
        ...{ created: 0, new_version: 0, unchanged: 7, refused: 0 },
      });
      expect((await one.take(document)).body['counts']).toMatchObject({ unchanged: 7 });
      expect(other.records()).toHaveLength(entry);
    },
  );

  it('of an empty catalogue imports no type', async () => {
    const { call, take } = await serveImports();
    for (const format of ['asyncapi', 'openapi']) {
      const { body } = await call('GET', `/export?format=${format}`);
      expect(await take(body)).toMatchObject({ status: 200, body: { data: [] } });
    }
  });

  it('creates a new version of each type that was changed in it', async () => {
    const { call, take, type } = await filled();
    const { body } = await call('GET', '/export');
    const document = structuredClone(body) as {
      components: {
        messages: Record<string, { description?: string; payload: { schema: typeof schema & object } }>;
      };
    };
    const paid = document.components.messages['order.paid'];
    if (paid === undefined) throw new Error('not exported');
    paid.description = 'Paid at last.';
    paid.payload.schema.properties = {
      ...paid.payload.schema.properties,
      ...{ tip: { type: 'integer' } },
    } as never;
    const answer = await take(document);
    expect(answer.body['counts']).toMatchObject({ new_version: 1, unchanged: 6 });
    expect(await type('order.paid')).toMatchObject({ description: 'Paid at last.', active_schema: 4 });
  });
});
