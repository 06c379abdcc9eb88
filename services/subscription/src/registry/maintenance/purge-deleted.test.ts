import { beforeEach, describe, expect, it } from 'vitest';
import { aSubscription } from '../../../test/a-subscription.ts';
import {
  type InMemoryRegistry,
  openInMemoryRegistry,
  publishedOn,
} from '../../../test/memory/in-memory-registry.ts';
import { deleted } from '../../subscriptions/domain/subscription.ts';
import { purgeDeleted } from './purge-deleted.ts';

describe('the purge', () => {
  const dayMs = 24 * 3_600_000;
  let registry: InMemoryRegistry;
  beforeEach(async () => {
    registry = await openInMemoryRegistry();
  });

  it('removes record and document 15 days after the deletion, not before', async () => {
    const { store, clock, bus } = registry;
    const gone = deleted(aSubscription(), clock.nowMs());
    const alive = aSubscription();
    await store.insert(gone);
    await store.insert(alive);
    await clock.advance(15 * dayMs);
    expect(await purgeDeleted(registry)).toBe(0);
    await clock.advance(1);
    expect(await purgeDeleted(registry)).toBe(1);
    expect(await store.findAnywhere(gone.id)).toBeNull();
    expect(await store.findAnywhere(alive.id)).not.toBeNull();
    expect(publishedOn(bus)).toEqual([null]);
  });

  it('keeps the document until the tombstone is acknowledged', async () => {
    const { store, clock, topic } = registry;
    const gone = deleted(aSubscription(), clock.nowMs() - 16 * dayMs);
    await store.insert(gone);
    topic.fail = 'after';
    await expect(purgeDeleted(registry)).rejects.toThrow('no answer');
    expect(await store.findAnywhere(gone.id)).not.toBeNull();
    topic.fail = 'never';
    expect(await purgeDeleted(registry)).toBe(1);
  });
});
