import { describe, expect, it } from 'vitest';
import { faultPointers, serveCatalogue } from '../../../test/memory/in-memory-catalogue.ts';
import { eventTypeKind } from '../event-type-kind.ts';

const object = (properties: object): object => ({ type: 'object', properties });
const asText = object({ id: { type: 'string' }, total: { type: 'string' } });
const without = object({ id: { type: 'string' } });
const asInteger = object({ id: { type: 'string' }, total: { type: 'integer' } });

async function aType(fields: object = {}) {
  const served = await serveCatalogue();
  await served.call('POST', '', { body: { name: 'order.paid', schema: asText, ...fields } });
  const add = async (schema: object, more: object = {}) =>
    served.call('POST', '/order.paid/schemas', { body: { schema, ...more } });
  const patch = async (body: object) => served.call('PATCH', '/order.paid', { body });
  return { ...served, add, patch };
}
const transitive = { compatibility: 'forward_transitive' };

describe('a field that is removed and added again with another type', () => {
  it('is accepted if only the previous schema is compared', async () => {
    const { call, add } = await aType();
    expect((await call('GET', '/order.paid')).body['compatibility']).toBe('forward');
    expect((await add(without)).status).toBe(201);
    expect((await add(asInteger)).status).toBe(201);
  });

  it.each(['POST', 'PUT', 'PATCH'])(
    'is refused by every schema that has held, on request: %s',
    async (method) => {
      const { call, add, patch } = await aType(transitive);
      expect((await add(without)).status).toBe(201);
      if (method === 'PATCH') await add(asInteger, { activate: false });
      const answer = await {
        POST: async () => add(asInteger),
        PUT: async () => call('PUT', '/order.paid', { body: { schema: asInteger, ...transitive } }),
        PATCH: async () => patch({ active_schema: 3 }),
      }[method as 'POST']();
      expect([answer.status, answer.body['code']]).toEqual([409, 'conflict']);
      expect(answer.body['errors']).toEqual([
        {
          pointer: '/schema/properties/total/type',
          detail: 'now permits integer; it was string (by schema 1)',
        },
      ]);
      expect((await call('GET', '/order.paid')).body['active_schema']).toBe(2);
      expect((await add(asInteger, { force: true })).body).toMatchObject({ schema: asInteger });
    },
  );

  it('is rejected also after a change without compatibility, or with no active schema in between', async () => {
    const { call, add, patch } = await aType(transitive);
    await add(without);
    expect((await call('PUT', '/order.paid', { body: { schema: asInteger } })).status).toBe(409);
    expect((await patch({ active_schema: null, force: true })).body['active_schema']).toBeNull();
    expect(faultPointers(await add(asInteger))).toEqual(['/schema/properties/total/type']);
  });

  it('is rejected when the type is restored from the archive', async () => {
    const { call, add, patch } = await aType(transitive);
    await add(without);
    await call('DELETE', '/order.paid');
    expect((await add(asInteger)).status).toBe(201);
    expect((await patch({ state: 'active' })).status).toBe(409);
    expect((await patch({ state: 'active', active_schema: 2 })).status).toBe(200);
  });

  it('is accepted if no schema is compared', async () => {
    const { add } = await aType({ compatibility: 'none' });
    expect((await add(asInteger)).status).toBe(201);
  });
});

describe('a schema that was never active for readers', () => {
  it('is not compared: stored without activation, or of a draft', async () => {
    const later = await aType(transitive);
    await later.add(asInteger, { activate: false });
    expect(
      (await later.add(object({ id: { type: 'string' }, total: { type: 'string', maxLength: 9 } }))).status,
    ).toBe(201);
    const draft = await aType({ ...transitive, state: 'draft' });
    await draft.add(without);
    expect((await draft.patch({ state: 'active' })).status).toBe(200);
    expect((await draft.add(asInteger)).status).toBe(201);
  });
});

it('compares a type of an older release with its previous schema, and treats all its schemas as former ones', async () => {
  const { documents, own } = await aType();
  const [entity] = (
    await documents.store.list(
      { workspaceId: own, consumerId: null },
      { where: {}, afterId: null, limit: 1, order: 'rising' },
    )
  ).items;
  if (entity === undefined) throw new Error('there is none');
  const { compatibility: _, ...document } = eventTypeKind.toDocument(entity);
  const schemas = (document['schemas'] as readonly { has_held: boolean }[]).map(
    ({ has_held: __, ...rest }) => rest,
  );
  const read = eventTypeKind.fromDocument({ ...document, schemas, schema_version: 1 });
  expect(read).toEqual(entity);
  expect(read.settings.compatibility).toBe('forward');
  expect(read.schemas).toMatchObject([{ hasHeld: true }]);
});
