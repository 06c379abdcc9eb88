import { topics } from '@tidings/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import { aSubscription, someSettings } from '../../../test/a-subscription.ts';
import {
  type InMemoryRegistry,
  openInMemoryRegistry,
  publishedOn,
} from '../../../test/memory/in-memory-registry.ts';
import { deleted, disabled, enabled, type Subscription } from '../../subscriptions/domain/subscription.ts';
import { subscriptionKind } from '../../subscriptions/subscription-kind.ts';
import { compareTopic, differenceOf } from './compare-topic.ts';
import { republishSuperseded } from './republish-superseded.ts';
import { verifyDocuments } from './verify-documents.ts';

describe('registry and topic', () => {
  let registry: InMemoryRegistry;
  beforeEach(async () => {
    registry = await openInMemoryRegistry();
  });
  const stored = async (subscription: Subscription): Promise<Subscription> => {
    const published = { ...subscription, isUnpublished: false };
    await registry.store.insert(published);
    return published;
  };
  const land = async (subscription: Subscription): Promise<void> => registry.topic.publish(subscription);
  const last = (): unknown => publishedOn(registry.bus).at(-1);

  it('are left unchanged if they agree', async () => {
    await land(await stored(aSubscription()));
    expect(await compareTopic(registry)).toEqual({ compared: 1, republished: 0, tombstones: 0, orphans: 0 });
    expect(publishedOn(registry.bus)).toHaveLength(1);
  });

  it('differ if the record is missing, older, or another record of the same version', async () => {
    const missing = await stored(aSubscription());
    const second = disabled(aSubscription(), 'r', 2);
    await land({ ...second, version: 1 });
    await stored(second);
    const other = await stored(aSubscription());
    await land({ ...other, settings: someSettings({ description: 'x', events: ['*'] }) });
    expect(await compareTopic(registry)).toMatchObject({ compared: 3, republished: 3 });
    for (const { id, version } of [missing, second, other]) {
      expect(registry.topicVersions.lastOf(id)?.version).toBe(version);
    }
    expect(await compareTopic(registry)).toMatchObject({ republished: 0 });
  });

  it('differ if only the copy from which a lost database is restored is missing, older, or another', async () => {
    const { bus, producer } = registry;
    const publishWithout = async (subscription: Subscription, copy: Subscription | null): Promise<void> => {
      await stored(subscription);
      await producer.publish({ topic: topics.subscriptions, ...subscriptionKind.encode(subscription) });
      if (copy !== null)
        await producer.publish({ topic: topics.registry, ...subscriptionKind.encodeCopy(copy) });
    };
    const missing = aSubscription();
    const second = disabled(aSubscription(), 'r', 2);
    const other = aSubscription();
    await publishWithout(missing, null);
    await publishWithout(second, { ...second, version: 1 });
    await publishWithout(other, { ...other, settings: { ...other.settings, description: 'x' } });
    const differences = [missing, second, other].map((one) => differenceOf(one, registry));
    expect(differences).toEqual(
      (['missing', 'older', 'other'] as const).map((how) => ({ how, isOfCopy: true })),
    );
    const published = publishedOn(bus).length;
    expect(await compareTopic(registry)).toMatchObject({ compared: 3, republished: 3 });
    // All services would read every document again after an update.
    expect(publishedOn(bus)).toHaveLength(published);
    expect((await verifyDocuments(registry)).disagreements).toEqual([]);
    const copies = bus.records(topics.registry).map((record) => subscriptionKind.decodeCopy(record));
    expect(copies).toContainEqual({ ...other, isUnpublished: false });
  });

  it('leave unpublished versions to the sweep', async () => {
    await registry.store.insert(aSubscription());
    expect(await compareTopic(registry)).toMatchObject({ compared: 1, republished: 0 });
  });

  it('get a version above that of the topic after the registry was restored from a backup', async () => {
    const restored = await stored(aSubscription());
    await land({ ...restored, version: 5 });
    expect(await compareTopic(registry)).toMatchObject({ republished: 1 });
    expect(last()).toMatchObject({ id: restored.id, version: 6 });
    expect(await registry.store.findAnywhere(restored.id)).toMatchObject({
      version: 6,
      isUnpublished: false,
    });
    expect(await compareTopic(registry)).toMatchObject({ republished: 0 });
  });

  it('get a tombstone for the record of a purged subscription', async () => {
    await land(deleted(aSubscription(), 2));
    expect(await compareTopic(registry)).toMatchObject({ tombstones: 1, orphans: 0 });
    expect(last()).toBeNull();
    expect(registry.topicVersions.size).toBe(0);
  });

  it('keep the record of a deletion that a lost database no longer has, until it is due to the purge', async () => {
    const { clock, bus } = registry;
    const deletedAtMs = clock.nowMs();
    await land(deleted(aSubscription(), deletedAtMs));
    expect(await compareTopic(registry)).toMatchObject({ tombstones: 0, orphans: 1 });
    expect([last(), bus.records(topics.registry).at(-1)?.value]).not.toContain(null);
    await clock.advance(15 * 24 * 3_600_000 + 1);
    expect(await compareTopic(registry)).toMatchObject({ tombstones: 1, orphans: 0 });
  });

  it('leave documents that are due to the purge, so that a removed record is not published again', async () => {
    const dayMs = 24 * 3_600_000;
    const nowMs = registry.clock.nowMs();
    const gone = await stored(deleted(aSubscription(), nowMs - 15 * dayMs - 1));
    const kept = await stored(deleted(aSubscription(), nowMs - 15 * dayMs));
    expect(await compareTopic(registry)).toMatchObject({ compared: 2, republished: 1 });
    expect(registry.topicVersions.lastOf(kept.id)).toMatchObject({ isDeleted: true });
    expect(registry.topicVersions.lastOf(gone.id)).toBeUndefined();
  });

  it('keep the record of a subscription that the database has lost, and log it', async () => {
    await land(aSubscription());
    expect(await compareTopic(registry)).toMatchObject({ tombstones: 0, orphans: 1 });
    expect(publishedOn(registry.bus)).toHaveLength(1);
    expect(registry.logger.lines).toContainEqual(expect.objectContaining({ event: 'subscription.orphaned' }));
  });
});

describe('an older version acknowledged after a newer one', () => {
  let registry: InMemoryRegistry;
  const third = enabled(disabled(aSubscription(), 'r', 2), 3);
  beforeEach(async () => {
    registry = await openInMemoryRegistry();
    await registry.store.insert({ ...third, isUnpublished: false });
    await registry.topic.publish(third);
    await registry.topic.publish({ ...third, version: 2, state: 'disabled' });
  });

  it('is detected, and the current version is published again', async () => {
    expect([...registry.superseded]).toEqual([third.id]);
    expect(await republishSuperseded(registry, registry.superseded)).toBe(1);
    expect(publishedOn(registry.bus).map((record) => record?.version)).toEqual([3, 2, 3]);
    expect(registry.superseded.size).toBe(0);
  });

  it('stays in the list until that has succeeded', async () => {
    registry.topic.fail = 'before';
    expect(await republishSuperseded(registry, registry.superseded)).toBe(0);
    expect([...registry.superseded]).toEqual([third.id]);
    registry.topic.fail = 'never';
    expect(await republishSuperseded(registry, registry.superseded)).toBe(1);
  });

  it('is also found by the comparison, in the state after compaction', async () => {
    expect(await compareTopic(registry)).toMatchObject({ republished: 1 });
    expect(publishedOn(registry.bus).at(-1)).toMatchObject({ version: 3 });
  });
});
