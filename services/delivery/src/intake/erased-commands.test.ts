import { consumerId, type DataErased, encodeErasure, eventId, topics, workspaceId } from '@tidings/contracts';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { answered } from '@tidings/testing/messages';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aCommand, aSubscription, hex, startMs } from '../../test/builders.ts';
import { type Harness, startHarness } from '../../test/harness.ts';
import { numbered, remainingEntries } from '../../test/ordering-harness.ts';

const hourMs = 3_600_000;
const partner = consumerId('partner');

const start = async (clock: FakeClock = fakeClock(startMs), bus: MemoryBus = createMemoryBus({ clock })) => ({
  clock,
  bus,
  harness: await startHarness({ bus, clock, env: { DELIVERY_DRAIN: '0' }, cleanUp: onTestFinished }),
});

const erase = async (bus: MemoryBus, over: Partial<DataErased> = {}): Promise<void> => {
  const erasure: DataErased = {
    type: 'DataErased.v1',
    erasureId: `job_${hex(7)}`,
    workspaceId: workspaceId('acme'),
    scope: { kind: 'event', eventId: eventId(`evt_${hex(2)}`) },
    beforeMs: startMs + 1,
    requestedBy: 'key_admin',
    reason: null,
    requestedAtMs: startMs,
    ...over,
  };
  const producer = await bus.producer();
  await producer.publish({ topic: topics.erasures, ...encodeErasure(erasure) });
};

/** Results of the attempts, in the order of the log, without the news that a command waits. */
const results = (harness: Harness) =>
  harness
    .attemptEvents()
    .filter(({ outcome }) => outcome.kind !== 'deferred')
    .map(({ attempt, outcome }) => `${attempt} ${'reason' in outcome ? outcome.reason : outcome.kind}`);

const failOnce = async (harness: Harness): Promise<void> => {
  await harness.register(aSubscription({ retryScheduleSeconds: [3_600, 3_600] }));
  harness.sender.rule = () => answered(500);
  await harness.publish(aCommand(1, { orderingKey: 'ord_7' }));
};

describe('a command whose data is erased', () => {
  it('ends without another request when its next attempt is due', async () => {
    const { harness, clock, bus } = await start();
    await failOnce(harness);
    await erase(bus);
    await clock.advance(2 * hourMs);
    expect(results(harness)).toEqual(['1 http-status', '2 erased']);
    expect(harness.sender.sent).toHaveLength(1);
    expect(harness.deadLetters()).toEqual([]);
    const ended = harness.attemptEvents().at(-1);
    expect(ended).toMatchObject({ outcome: { kind: 'suppressed' }, next: { kind: 'none' } });
    expect(ended).not.toHaveProperty('orderingKey');
    expect(await harness.committed()).toBe(harness.bus.records(topics.deliveries).length);
  });

  it('ends so in a process that starts later', async () => {
    const { harness, clock, bus } = await start();
    await failOnce(harness);
    await harness.stop();
    await erase(bus);
    const later = await start(clock, bus);
    await clock.advance(2 * hourMs);
    expect(results(later.harness)).toEqual(['1 http-status', '2 erased']);
    expect(later.harness.sender.sent).toEqual([]);
  });

  it('ends in memory, just before its request', async () => {
    const { harness, clock, bus } = await start();
    await harness.register(aSubscription());
    await harness.publish(aCommand(1, { notBeforeMs: startMs + 500 }));
    await erase(bus);
    await clock.advance(1_000);
    expect(results(harness)).toEqual(['1 erased']);
    expect(harness.sender.sent).toEqual([]);
  });

  it('ends although its subscription is disabled, so that no dead letter keeps the data', async () => {
    const { harness, bus } = await start();
    await harness.register(aSubscription({ state: 'disabled' }));
    await erase(bus);
    await harness.publish(aCommand(1));
    expect(results(harness)).toEqual(['1 erased']);
    expect(harness.deadLetters()).toEqual([]);
  });

  it('is one of the consumer that owns the subscription, or that the event is addressed to', async () => {
    const { harness, bus } = await start();
    await harness.register(aSubscription());
    harness.sender.rule = () => answered(200);
    await erase(bus, { scope: { kind: 'consumer', consumerId: partner } });
    const own = aCommand(1);
    const addressed = aCommand(2, { consumerId: null, addressedTo: partner });
    const later = aCommand(3, { acceptedAtMs: startMs + 1 });
    const others = aCommand(4, { consumerId: consumerId('globex') });
    await harness.publish(own, addressed, later, others);
    expect(results(harness).toSorted()).toEqual(['1 delivered', '1 delivered', '1 erased', '1 erased']);
    expect(harness.sender.ids).toEqual([later.state.deliveryId, others.state.deliveryId]);
    const recorded = harness
      .attemptEvents()
      .find(({ deliveryId }) => deliveryId === addressed.state.deliveryId);
    expect(recorded).toMatchObject({ addressedTo: 'partner' });
  });

  it('leaves its ordered queue, and those behind it are sent', async () => {
    const { harness, clock, bus } = await start();
    await harness.register(aSubscription({ ordering: 'subscription', retryScheduleSeconds: [3_600, 3_600] }));
    harness.sender.rule = () => answered(500);
    const [head, second] = numbered(2);
    const third = aCommand(3, { eventId: eventId(`evt_${hex(9)}`) });
    if (head === undefined || second === undefined) throw new Error('there are two');
    await harness.publish(head, second, third);
    await erase(bus);
    harness.sender.rule = () => answered(200);
    await clock.advance(2 * hourMs);
    expect(harness.sender.ids).toEqual([head.state.deliveryId, third.state.deliveryId]);
    expect(results(harness)).toEqual(['1 http-status', '2 erased', '1 erased', '1 delivered']);
    expect(remainingEntries(harness)).toBe(0);
  });
});
