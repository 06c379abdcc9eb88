import { decodeDelivery, topics } from '@tidings/contracts';
import { beforeEach, expect, it } from 'vitest';
import { aSubscription } from '../../test/a-subscription.ts';
import { type InMemoryRegistry, openInMemoryRegistry } from '../../test/memory/in-memory-registry.ts';
import { disabled, type Subscription } from './domain/subscription.ts';
import { queueTestDeliveries } from './queue-test-deliveries.ts';

let registry: InMemoryRegistry;
beforeEach(async () => {
  registry = await openInMemoryRegistry();
});

const owing = aSubscription({ isTestPending: true, createdAtMs: 7_000 });
const stored = async (subscription: Subscription = owing): Promise<void> => {
  await registry.store.insert(subscription);
};
const queued = () => registry.bus.records(topics.deliveries).map(decodeDelivery);

it('queues one test delivery of a new subscription after its publish', async () => {
  await stored();
  expect(await queueTestDeliveries(registry)).toBe(0);
  await registry.outbox.publish(owing, 'write');
  expect(await queueTestDeliveries(registry)).toBe(1);
  expect(await queueTestDeliveries(registry)).toBe(0);
  const [command] = queued();
  expect(queued()).toHaveLength(1);
  expect(command?.state).toMatchObject({
    subscriptionId: owing.id,
    subscriptionVersion: 1,
    eventType: 'webhook.test',
    trigger: 'test',
    chain: 0,
    attempt: 1,
    acceptedAtMs: 7_000,
  });
  expect(JSON.parse(command?.body.toString() ?? '')).toMatchObject({
    id: command?.state.eventId,
    type: 'webhook.test',
    timestamp: '1970-01-01T00:00:07.000Z',
  });
});

it('queues the same delivery again after a crash before the flag was removed', async () => {
  await stored({ ...owing, isUnpublished: false });
  const note = registry.store.setFlags.bind(registry.store);
  registry.store.setFlags = async () => Promise.reject(new Error('gone'));
  await expect(queueTestDeliveries(registry)).rejects.toThrow('gone');
  registry.store.setFlags = note;
  expect(await queueTestDeliveries(registry)).toBe(1);
  const [first, second] = queued();
  expect(second).toEqual(first);
});

it('keeps the pending test over later versions, with the same id', async () => {
  await stored({ ...owing, isUnpublished: false });
  const second = { ...disabled(owing, 'r', 2), isUnpublished: false };
  await registry.store.replace(second, 1);
  expect(await queueTestDeliveries(registry)).toBe(1);
  expect(await queueTestDeliveries(registry)).toBe(0);
  expect(queued()[0]?.state).toMatchObject({ subscriptionVersion: 1 });
});
