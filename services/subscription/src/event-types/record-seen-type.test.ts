import { workspaceId } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { serveCatalogue } from '../../test/memory/in-memory-catalogue.ts';
import { recordSeenType } from './record-seen-type.ts';

const openCatalogue = async (policy: 'open' | 'strict' = 'open') => {
  const { call, documents, own, records } = await serveCatalogue();
  const note = async (name: string, id = own) =>
    recordSeenType(
      { ...documents, isOpen: async () => policy === 'open', maxSeen: 3 },
      { workspaceId: id, name },
    );
  return { call, note, documents, own, records };
};

describe('an event type named before its registration', () => {
  it('is a draft that accepts any data, exists once, and is registered by a POST', async () => {
    const { call, note, records } = await openCatalogue();
    await note('order.paid');
    await note('order.paid');
    expect((await call('GET', '')).body).toMatchObject({
      data: [{ name: 'order.paid', state: 'draft', origin: 'seen', version: 1, active_schema: null }],
    });
    expect(records()).toMatchObject([{ name: 'order.paid', state: 'draft', schema: null }]);
    const body = { name: 'order.paid', schema: { type: 'object' } };
    expect(await call('POST', '', { body })).toMatchObject({
      status: 201,
      body: { state: 'active', origin: 'registered', version: 2, active_schema: 1 },
    });
    await note('order.paid');
    expect((await call('GET', '/order.paid')).body).toMatchObject({ version: 2 });
    expect((await call('POST', '', { body })).status).toBe(409);
  });

  it.each(['Order.paid', 'tidings.x', 'webhook.test', 'export', 'a..b'])(
    'is left out where it could not be registered: %s',
    async (name) => {
      const { call, note } = await openCatalogue();
      await note(name);
      expect((await call('GET', '')).body).toMatchObject({ data: [] });
    },
  );

  it('is ignored if the workspace has become strict', async () => {
    const { call, note } = await openCatalogue('strict');
    await note('order.paid');
    expect((await call('GET', '')).body).toMatchObject({ data: [] });
  });

  it('is ignored above the limit of its own workspace only', async () => {
    const { note, documents, own } = await openCatalogue();
    const other = workspaceId('ws_other');
    for (let index = 0; index <= 3; index += 1) await note(`type_${index}`);
    await note('type_0', other);
    const countOf = async (id: typeof own) =>
      documents.store.count({ workspaceId: id, consumerId: null }, {}, 5_000);
    expect([await countOf(own), await countOf(other)]).toEqual([3, 1]);
  });
});
