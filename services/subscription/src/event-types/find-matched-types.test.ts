import { consumerId } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { serveCatalogue } from '../../test/memory/in-memory-catalogue.ts';
import { limits } from './domain/limits.ts';
import { findMatchedTypes } from './find-matched-types.ts';

async function withTypes(...names: readonly string[]) {
  const { call, documents, own } = await serveCatalogue();
  for (const name of names) await call('POST', '', { body: { name } });
  const matched = async (events: readonly string[], consumer: string | null = null) => {
    const scope = { workspaceId: own, consumerId: consumer === null ? null : consumerId(consumer) };
    const types = await findMatchedTypes(documents.store, scope, events);
    return types?.map(({ name }) => name).sort() ?? null;
  };
  return { call, matched };
}

describe('the event types that a subscription matches', () => {
  it('are those of its names and families, or all types', async () => {
    const { matched } = await withTypes('order.paid', 'order.item.sent', 'ping');
    expect(await matched(['order.paid'])).toEqual(['order.paid']);
    expect(await matched(['order.*', 'order.paid'])).toEqual(['order.item.sent', 'order.paid']);
    expect(await matched(['*', 'ping'])).toEqual(['order.item.sent', 'order.paid', 'ping']);
    expect(await matched(['nobody.*'])).toEqual([]);
  });

  it('are null if a name is unregistered, reserved or archived', async () => {
    const { call, matched } = await withTypes('order.paid', 'order.old');
    await call('DELETE', '/order.old');
    expect(await matched(['order.paid', 'order.lost'])).toBeNull();
    expect(await matched(['*', 'webhook.test'])).toBeNull();
    expect(await matched(['order.old'])).toBeNull();
    expect(await matched(['order.*'])).toEqual(['order.paid']);
  });

  it('are those that the key has access to', async () => {
    const { call, matched } = await withTypes('order.paid');
    await call('POST', '', { body: { name: 'order.secret', state: 'draft' } });
    expect(await matched(['order.*'])).toEqual(['order.paid', 'order.secret']);
    expect(await matched(['order.*'], 'acme')).toEqual(['order.paid']);
    expect(await matched(['order.secret'], 'acme')).toBeNull();
  });

  it('are null if there are too many', async () => {
    const names = Array.from({ length: limits.matchedTypes }, (_, i) => `t.a${i}`);
    const { call, matched } = await withTypes(...names);
    expect(await matched(['t.*'])).toHaveLength(limits.matchedTypes);
    await call('POST', '', { body: { name: 't.more' } });
    expect(await matched(['t.*'])).toBeNull();
  });
});
