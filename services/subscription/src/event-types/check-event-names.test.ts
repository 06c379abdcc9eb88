import { consumerId } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { serveCatalogue } from '../../test/memory/in-memory-catalogue.ts';
import { unknownEventFaults } from './check-event-names.ts';

const catalogueOf = async (...names: readonly string[]) => {
  const { call, documents, own } = await serveCatalogue();
  for (const name of names) await call('POST', '', { body: { name } });
  const faultsOf = async (...events: readonly string[]) =>
    unknownEventFaults(documents.store, { workspaceId: own, consumerId: null }, events);
  const faultsForConsumer = async (...events: readonly string[]) =>
    unknownEventFaults(documents.store, { workspaceId: own, consumerId: consumerId('acme') }, events);
  return { call, faultsOf, faultsForConsumer };
};

describe('the events of a subscription in a strict workspace', () => {
  it('must be registered, and wildcards must match a registered one', async () => {
    const { faultsOf } = await catalogueOf('order.paid', 'order.item.sent', 'ping');
    expect(await faultsOf('order.paid', 'order.*', 'order.item.*', '*', 'ping')).toEqual([]);
    expect(await faultsOf('order.paid', 'order.lost', 'ping.*', 'order.item', 'order.paid.*')).toEqual([
      {
        pointer: '/events',
        detail:
          "must be event types of this workspace, got 'order.lost', 'ping.*', 'order.item', 'order.paid.*'; " +
          'registered are order.item.sent, order.paid, ping',
      },
      { pointer: '/events/1', detail: 'is not registered' },
      { pointer: '/events/2', detail: 'matches no registered event type' },
      { pointer: '/events/3', detail: 'is not registered' },
      { pointer: '/events/4', detail: 'matches no registered event type' },
    ]);
  });

  it('may be reserved names; invalid patterns are reported elsewhere', async () => {
    const { faultsOf } = await catalogueOf();
    expect(await faultsOf('webhook.test', 'tidings.endpoint.disabled', 'a..b')).toEqual([]);
    expect((await faultsOf('a'))[0]?.detail).toContain('none is registered');
  });

  it('must not be archived', async () => {
    const { call, faultsOf } = await catalogueOf('order.paid');
    await call('DELETE', '/order.paid');
    expect((await faultsOf('order.paid', 'order.*')).map(({ pointer }) => pointer)).toEqual([
      '/events',
      '/events/0',
      '/events/1',
    ]);
  });

  it('must be visible to the consumer of a key; other types are not named in the error', async () => {
    const { call, faultsOf, faultsForConsumer } = await catalogueOf('order.paid');
    await call('POST', '', { body: { name: 'order.secret.drafted', state: 'draft' } });
    expect(await faultsOf('order.secret.drafted', 'order.secret.*')).toEqual([]);
    expect(await faultsForConsumer('order.paid', 'order.*')).toEqual([]);
    const faults = await faultsForConsumer('order.secret.drafted', 'order.secret.*', 'order.lost');
    expect(faults.map(({ pointer }) => pointer)).toEqual(['/events', '/events/0', '/events/1', '/events/2']);
    expect(faults[0]?.detail).toMatch(/; registered are order\.paid$/);
  });

  it('are rejected with at most 50 of the registered names in the error', async () => {
    const { faultsOf } = await catalogueOf(
      ...Array.from({ length: 51 }, (_, index) => `type_${100 + index}`),
    );
    const [{ detail } = { detail: '' }] = await faultsOf('order.lost');
    expect(detail).toMatch(/type_149 and more$/);
  });
});
