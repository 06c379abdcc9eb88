import { beforeEach, describe, expect, it } from 'vitest';
import { aSubscription } from '../../test/a-subscription.ts';
import {
  type InMemoryRegistry,
  openInMemoryRegistry,
  publishedOn,
} from '../../test/memory/in-memory-registry.ts';
import { disabled, enabled } from '../subscriptions/domain/subscription.ts';

describe('the outbox', () => {
  let registry: InMemoryRegistry;
  beforeEach(async () => {
    registry = await openInMemoryRegistry();
  });
  const versions = (): unknown[] => publishedOn(registry.bus).map((record) => record?.version);

  it('publishes a version and marks it as published', async () => {
    const { store, outbox } = registry;
    const first = aSubscription();
    await store.insert(first);
    expect(await outbox.publish(first, 'write')).toBe(true);
    expect(versions()).toEqual([1]);
    expect((await store.findAnywhere(first.id))?.isUnpublished).toBe(false);
  });

  it('leaves a newer version marked as unpublished when an older one is acknowledged', async () => {
    const { store, outbox } = registry;
    const first = aSubscription();
    await store.insert(first);
    await store.replace(disabled(first, 'r', 2), 1);
    expect(await outbox.publish(first, 'write')).toBe(true);
    expect((await store.findAnywhere(first.id))?.isUnpublished).toBe(true);
  });

  it('returns false if the topic does not respond, and leaves the version to the sweep', async () => {
    const { store, outbox, topic } = registry;
    const first = aSubscription();
    await store.insert(first);
    topic.fail = 'after';
    expect(await outbox.publish(first, 'write')).toBe(false);
    expect((await store.findAnywhere(first.id))?.isUnpublished).toBe(true);
    expect(outbox.isBusy(first.id)).toBe(false);
  });

  it('publishes one version of a subscription at a time, and skips those superseded meanwhile', async () => {
    const { outbox } = registry;
    const first = aSubscription();
    const second = disabled(first, 'r', 2);
    const third = enabled(second, 3);
    const results = await Promise.all([
      outbox.publish(first, 'write'),
      outbox.publish(third, 'write'),
      outbox.publish(second, 'write'),
    ]);
    expect(results).toEqual([true, true, true]);
    expect(versions().at(-1)).toBe(3);
    expect(versions()).not.toContain(2);
  });

  it('makes a request wait for at most a second, and continues without it', async () => {
    const { outbox, bus, clock } = registry;
    bus.setReachable(false);
    const first = aSubscription();
    const answer = outbox.announce(first);
    await clock.advance(1_000);
    expect(await answer).toBe(false);
    expect(outbox.isBusy(first.id)).toBe(true);
    bus.setReachable(true);
    await clock.advance(5_000);
    expect(versions()).toEqual([1]);
    expect(outbox.isBusy(first.id)).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  it('closes only after the publishes in progress have ended', async () => {
    const { outbox, bus, clock } = registry;
    bus.setReachable(false);
    const left = outbox.publish(aSubscription(), 'write');
    let isClosed = false;
    const closing = outbox.close().then(() => {
      isClosed = true;
    });
    await clock.advance(0);
    expect(isClosed).toBe(false);
    await clock.advance(10_000);
    await Promise.all([closing, left]);
    expect(isClosed).toBe(true);
  });
});
