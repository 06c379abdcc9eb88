import { subscriptionId, topics } from '@tidings/contracts';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { fakeClock } from '@tidings/runtime/testing';
import { answered, failed } from '@tidings/testing/messages';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aCommand, aSubscription, startMs } from '../../test/builders.ts';
import { startHarness } from '../../test/harness.ts';
import { numbered, numbers, remainingEntries, start } from '../../test/ordering-harness.ts';

const inOrder = aSubscription({ ordering: 'subscription' });
const byKey = aSubscription({ ordering: 'key' });

describe('an ordered subscription', () => {
  it('has one request in flight and keeps the order of its partition', async () => {
    const harness = await start();
    await harness.register(inOrder);
    await harness.publish(...numbered(3));
    expect(numbers(harness)).toEqual([0]);
    harness.sender.rule = () => answered(200);
    harness.sender.sent[0]?.answer(answered(200));
    await harness.settle();
    expect(numbers(harness)).toEqual([0, 1, 2]);
    expect(harness.bus.records(topics.orderingChangelog)).toEqual([]);
  });

  it('sends nothing else while the head waits for its next attempt', async () => {
    const harness = await start();
    await harness.register(inOrder);
    harness.sender.rule = () => answered(500);
    await harness.publish(...numbered(3));
    expect(numbers(harness)).toEqual([0]);
    harness.sender.rule = () => answered(200);
    await harness.clock.advance(4_900);
    expect(numbers(harness)).toEqual([0]);
    await harness.clock.advance(700);
    expect(numbers(harness)).toEqual([0, 0, 1, 2]);
    expect(harness.ladderCommands()).toEqual([]);
    expect(remainingEntries(harness)).toBe(0);
  });

  it('continues after an exhausted head, which becomes a dead letter by default', async () => {
    const harness = await start();
    await harness.register(aSubscription({ ordering: 'subscription', retryScheduleSeconds: [5] }));
    harness.sender.rule = (request) => answered(request.body.toString() === '{"n": 0}' ? 500 : 200);
    await harness.publish(...numbered(3));
    await harness.clock.advance(6_000);
    expect(numbers(harness)).toEqual([0, 0, 1, 2]);
    expect(harness.deadLetters()).toMatchObject([{ reason: 'exhausted' }]);
    expect(remainingEntries(harness)).toBe(0);
  });

  it('blocks on an exhausted head if configured, until a probe succeeds', async () => {
    const harness = await start();
    await harness.register(
      aSubscription({ ordering: 'subscription', onExhausted: 'block', retryScheduleSeconds: [5, 60] }),
    );
    harness.sender.rule = () => answered(500);
    await harness.publish(...numbered(2));
    await harness.clock.advance(600_000);
    expect(new Set(numbers(harness))).toEqual(new Set([0]));
    expect(harness.sender.sent.length).toBeGreaterThan(5);
    expect(harness.deadLetters()).toEqual([]);
    harness.sender.rule = () => answered(200);
    await harness.clock.advance(400_000);
    expect(numbers(harness).at(-1)).toBe(1);
  });

  it('allows a manual redelivery of a blocked head', async () => {
    const harness = await start();
    await harness.register(inOrder);
    harness.sender.rule = () => answered(500);
    await harness.publish(...numbered(2));
    harness.sender.rule = () => answered(200);
    await harness.publish(aCommand(0, { chain: 1, trigger: 'manual' }));
    expect(numbers(harness)).toEqual([0, 0, 1]);
    await harness.clock.advance(60_000);
    expect(numbers(harness)).toEqual([0, 0, 1]);
    expect(remainingEntries(harness)).toBe(0);
  });

  it('ends waiting commands in order when it is disabled', async () => {
    const harness = await start();
    await harness.register(inOrder);
    await harness.publish(...numbered(3));
    await harness.register({ ...inOrder, version: 2, state: 'disabled' });
    harness.sender.sent[0]?.answer(answered(500));
    await harness.clock.advance(6_000);
    expect(numbers(harness)).toEqual([0]);
    expect(harness.deadLetters().map(({ reason, state }) => [reason, state.deliveryId])).toEqual(
      numbered(3).map(({ state }) => ['disabled', state.deliveryId]),
    );
  });

  it('rejects commands beyond its backlog limit', async () => {
    const harness = await start({ DELIVERY_MAX_ORDERED_BACKLOG: '3' });
    await harness.register(inOrder);
    await harness.publish(...numbered(5));
    expect(harness.deadLetters().map(({ reason, state }) => [reason, state.deliveryId])).toEqual(
      numbered(2, 3).map(({ state }) => ['backlog-full', state.deliveryId]),
    );
    harness.sender.rule = () => answered(200);
    harness.sender.sent[0]?.answer(answered(200));
    await harness.settle();
    expect(numbers(harness)).toEqual([0, 1, 2]);
    await harness.publish(...numbered(1, 9));
    expect(numbers(harness)).toEqual([0, 1, 2, 9]);
  });

  it('sends nothing behind a rejected command before that is in dead-letters', async () => {
    const clock = fakeClock(startMs);
    const bus = createMemoryBus({ clock });
    const deadLetters: (() => void)[] = [];
    const slow: MemoryBus = {
      ...bus,
      producer: async (options) => {
        const producer = await bus.producer(options);
        return {
          ...producer,
          close: async () => producer.close(),
          publishAll: async (records) => producer.publishAll(records),
          publish: async (record) => {
            if (record.topic === topics.deadLetters) await new Promise<void>((go) => deadLetters.push(go));
            return producer.publish(record);
          },
        };
      },
    };
    const env = { DELIVERY_MAX_ORDERED_BACKLOG: '1' };
    const harness = await startHarness({ bus: slow, clock, env, cleanUp: onTestFinished });
    await harness.register(inOrder);
    await harness.publish(...numbered(2));
    harness.sender.rule = () => answered(200);
    harness.sender.sent[0]?.answer(answered(200));
    await harness.settle();
    await harness.publish(...numbered(1, 2));
    await harness.clock.advance(20_000);
    expect(numbers(harness)).toEqual([0]);
    expect(remainingEntries(harness)).toBe(0);
    for (const go of deadLetters) go();
    await harness.settle();
    expect(numbers(harness)).toEqual([0, 2]);
    expect(harness.deadLetters()).toMatchObject([{ reason: 'backlog-full' }]);
  });

  it('waits behind an open breaker, in order', async () => {
    const harness = await start();
    await harness.register(
      aSubscription({ ordering: 'subscription', retryScheduleSeconds: [1, 1, 1, 1, 1, 1, 1, 1, 1] }),
    );
    harness.sender.rule = () => failed('timeout');
    await harness.publish(...numbered(3));
    await harness.clock.advance(5_000);
    expect(await harness.metric('tidings_delivery_breaker_changes_total', { state: 'open' })).toBe(1);
    harness.sender.rule = () => answered(200);
    await harness.clock.advance(120_000);
    const sent = numbers(harness);
    expect(sent).toEqual([...sent].sort());
    expect(new Set(sent)).toEqual(new Set([0, 1, 2]));
  });
});

describe('an ordering key', () => {
  it('delays only its own commands', async () => {
    const harness = await start();
    await harness.register(byKey);
    harness.sender.rule = (request) => answered(request.body.toString() === '{"n": 0}' ? 500 : 200);
    await harness.publish(
      ...numbered(2, 0, { orderingKey: 'a' }),
      ...numbered(2, 10, { orderingKey: 'b' }),
      ...numbered(2, 20, { orderingKey: null }),
    );
    expect(numbers(harness).sort((a, b) => a - b)).toEqual([0, 10, 11, 20, 21]);
    harness.sender.rule = () => answered(200);
    await harness.clock.advance(6_000);
    expect(numbers(harness).slice(-2)).toEqual([0, 1]);
  });

  it('of another subscription has another queue', async () => {
    const harness = await start();
    const other = aSubscription({ id: subscriptionId('sub_b'), ordering: 'key' });
    await harness.register(byKey, other);
    await harness.publish(
      ...numbered(1, 0, { orderingKey: 'a' }),
      ...numbered(1, 10, { orderingKey: 'a', subscriptionId: other.id }),
    );
    expect(numbers(harness).sort((a, b) => a - b)).toEqual([0, 10]);
  });
});
