import { beforeEach, describe, expect, it } from 'vitest';
import { aSubscription } from '../../../test/a-subscription.ts';
import {
  type InMemoryRegistry,
  openInMemoryRegistry,
  publishedOn,
} from '../../../test/memory/in-memory-registry.ts';
import { disabled } from '../../subscriptions/domain/subscription.ts';
import { sweepUnpublished } from './sweep-unpublished.ts';

describe('the sweep', () => {
  let registry: InMemoryRegistry;
  beforeEach(async () => {
    registry = await openInMemoryRegistry();
  });

  it('publishes the versions that a crash left between write and publish, and no others', async () => {
    const { store, bus } = registry;
    const left = aSubscription();
    await store.insert(left);
    await store.replace(disabled(left, 'r', 2), 1);
    await store.insert({ ...aSubscription(), isUnpublished: false });
    expect(await sweepUnpublished(registry)).toBe(1);
    expect(publishedOn(bus)).toMatchObject([{ id: left.id, version: 2, state: 'disabled' }]);
    expect(await sweepUnpublished(registry)).toBe(0);
  });

  it('does not publish a version that was acknowledged after the page was read', async () => {
    const { store, outbox, bus } = registry;
    const acknowledged = aSubscription();
    await store.insert(acknowledged);
    const listAll = store.listAll.bind(store);
    store.listAll = async (request) => {
      const page = await listAll(request);
      await outbox.publish(acknowledged, 'write');
      return page;
    };
    await sweepUnpublished(registry);
    expect(publishedOn(bus)).toMatchObject([{ id: acknowledged.id, version: 1 }]);
  });

  it('retries versions that could not be published', async () => {
    const { store, topic, bus } = registry;
    await store.insert(aSubscription());
    topic.fail = 'before';
    expect(await sweepUnpublished(registry)).toBe(1);
    expect(publishedOn(bus)).toEqual([]);
    topic.fail = 'never';
    expect(await sweepUnpublished(registry)).toBe(1);
    expect(publishedOn(bus)).toHaveLength(1);
  });

  it('reads more than one page', async () => {
    const { store, bus } = registry;
    for (let count = 0; count < 450; count += 1) await store.insert(aSubscription());
    expect(await sweepUnpublished(registry)).toBe(450);
    expect(publishedOn(bus)).toHaveLength(450);
  });
});
