import { decodeEvent, type HealthEvent, type SubscriptionId, topics } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { describe, expect, it } from 'vitest';
import { aSubscription, someSettings } from '../../test/a-subscription.ts';
import { openInMemoryRegistry } from '../../test/memory/in-memory-registry.ts';
import { amended, disabled, enabled, type Subscription } from '../subscriptions/domain/subscription.ts';
import { operationalEventPublisher } from './adapters/kafka-operational-events.ts';
import { type ApplyHealthTransitions, createApplyHealthTransitions } from './apply-health-transitions.ts';
import type { HealthTransition } from './domain/health-transition.ts';

const failing = {
  cause: 'dlv_1.0.1',
  atMs: 5_000,
  failureCount: 100,
  failingSinceMs: 1_000,
  failure: { atMs: 5_000, reason: 'timeout', statusCode: null },
} as const;
const disabling: HealthTransition = {
  ...failing,
  kind: 'disabled',
  alert: 'disabled',
  reason: 'consecutive-failures',
  subscriptionVersion: 1,
};

async function open(subscription: Subscription) {
  const registry = await openInMemoryRegistry();
  await registry.store.insert(subscription);
  const publish = operationalEventPublisher(await registry.bus.producer());
  const published: HealthEvent[] = [];
  const state = { isDown: false };
  const applyTransitions = createApplyHealthTransitions({
    ...registry,
    publishEvents: async (events) => {
      if (state.isDown) throw new AppError({ code: 'unavailable', message: 'no brokers' });
      await publish(events);
    },
    onPublished: (event) => published.push(event),
  });
  const events = () => registry.bus.records(topics.events).map((record) => decodeEvent(record));
  const stored = async () => registry.store.findAnywhere(subscription.id);
  return { registry, applyTransitions, events, stored, published, state };
}

/** Applies one transition; throws its failure. */
async function applyTransitionsOf(
  applyTransitions: ApplyHealthTransitions,
  id: SubscriptionId,
  transitions: readonly HealthTransition[],
): Promise<void> {
  for (const error of (await applyTransitions(new Map([[id, transitions]]))).values()) throw error;
}

describe('applying health transitions', () => {
  it('disables the subscription, with its reason, and publishes the event for its consumer', async () => {
    const subscription = aSubscription({ consumerId: 'acme' as never, settings: { description: 'orders' } });
    const { applyTransitions, events, stored, published } = await open(subscription);
    await applyTransitionsOf(applyTransitions, subscription.id, [disabling]);
    expect(await stored()).toMatchObject({ state: 'disabled', disabledReason: 'consecutive-failures' });
    const [event] = events();
    expect(event).toMatchObject({ eventType: 'tidings.subscription.disabled', consumerId: 'acme' });
    expect(JSON.parse(event?.data.toString() ?? '')).toEqual({
      subscription_id: subscription.id,
      consumer_id: 'acme',
      description: 'orders',
      endpoint_host: 'partner.example',
      reason: 'consecutive-failures',
      failure_count: 100,
      failing_since: '1970-01-01T00:00:01.000Z',
      last_failure: { at: '1970-01-01T00:00:05.000Z', reason: 'timeout', status_code: null },
    });
    expect(published).toHaveLength(1);
  });

  it('publishes the same event, byte for byte, when it is repeated after a crash', async () => {
    const subscription = aSubscription();
    const { applyTransitions, events, stored, state } = await open(subscription);
    state.isDown = true;
    await expect(applyTransitionsOf(applyTransitions, subscription.id, [disabling])).rejects.toThrow(
      'no brokers',
    );
    state.isDown = false;
    await applyTransitionsOf(applyTransitions, subscription.id, [disabling]);
    const version = (await stored())?.version;
    await applyTransitionsOf(applyTransitions, subscription.id, [disabling]);
    const [first, second] = events();
    expect(first).toEqual(second);
    expect((await stored())?.version).toBe(version);
  });

  it('does nothing if the owner disabled or enabled the subscription or changed its endpoint first', async () => {
    const byHand = disabled(aSubscription(), 'manual', 2_000);
    const enabledAgain = enabled(disabled(aSubscription(), 'gone', 2_000), 3_000);
    const elsewhere = { settings: someSettings({ endpointUrl: 'https://new.example/' }), isActive: true };
    const moved = amended(aSubscription(), { ...elsewhere, reason: '' }, 2_000);
    for (const subscription of [byHand, enabledAgain, moved]) {
      const { applyTransitions, events, stored } = await open(subscription);
      await applyTransitionsOf(applyTransitions, subscription.id, [disabling]);
      expect(await stored()).toMatchObject({ version: subscription.version, state: subscription.state });
      expect(events()).toEqual([]);
    }
  });

  it('disables an operational subscription without publishing an event', async () => {
    const subscription = aSubscription({ settings: { events: ['tidings.subscription.disabled'] } });
    const { applyTransitions, events, stored, published } = await open(subscription);
    await applyTransitionsOf(applyTransitions, subscription.id, [
      { ...failing, kind: 'failing', alert: 'failing' },
      disabling,
    ]);
    expect(await stored()).toMatchObject({ state: 'disabled' });
    expect([events(), published]).toEqual([[], []]);
  });

  it('completes the transition of a subscription that no longer exists', async () => {
    const { applyTransitions, events } = await open(aSubscription());
    await applyTransitionsOf(applyTransitions, aSubscription().id, [disabling]);
    expect(events()).toEqual([]);
  });

  it('publishes many events together, in bounded batches, and fails only those that it could not publish', async () => {
    const { registry, published } = await open(aSubscription());
    const all = Array.from({ length: 6 }, () => aSubscription());
    for (const subscription of all) await registry.store.insert(subscription);
    const [gone, unreadable] = [aSubscription(), all[5]];
    const sizes: number[] = [];
    const findAnywhere = registry.store.findAnywhere.bind(registry.store);
    const listAll = registry.store.listAll.bind(registry.store);
    const applyTransitions = createApplyHealthTransitions({
      ...registry,
      store: Object.assign(Object.create(registry.store) as typeof registry.store, {
        listAll: async (page: Parameters<typeof listAll>[0]) => {
          const { items, ...rest } = await listAll(page);
          return { ...rest, items: items.filter(({ id }) => id !== unreadable?.id) };
        },
        findAnywhere: async (id: string) => {
          if (id === unreadable?.id) throw new AppError({ code: 'internal', message: 'unreadable' });
          return findAnywhere(id);
        },
      }),
      publishEvents: async (events) => {
        sizes.push(events.length);
        if (sizes.length === 2) throw new AppError({ code: 'unavailable', message: 'no brokers' });
      },
      onPublished: (event) => published.push(event),
    });
    const many = Array.from(
      { length: 200 },
      () => ({ ...failing, kind: 'failing', alert: 'failing' }) as const,
    );
    const failures = await applyTransitions(new Map([...all, gone].map(({ id }) => [id, many])));
    expect(sizes).toEqual([400, 400, 200]);
    expect(published).toHaveLength(600);
    expect([...failures.keys()].sort()).toEqual([all[2]?.id, all[3]?.id, unreadable?.id].sort());
  });
});
