import { subscriptionId, topics } from '@tidings/contracts';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { fakeClock } from '@tidings/runtime/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { answered, failed } from '../../test/answers.ts';
import { aCommand, aSubscription, startMs } from '../../test/builders.ts';
import { CrashingProcess } from '../../test/crashing-bus.ts';
import { type Harness, startHarness } from '../../test/harness.ts';
import { numbered, numbers, remainingEntries, start } from '../../test/ordering-harness.ts';

const inOrder = aSubscription({ ordering: 'subscription' });
const byKey = aSubscription({ ordering: 'key' });

describe('an ordered subscription', () => {
  it('has one request under way and keeps the order of its partition', async () => {
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

  it('sends nothing later while the head waits for its next attempt', async () => {
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

  it('goes on after the head is exhausted: by default it becomes a dead letter', async () => {
    const harness = await start();
    await harness.register(aSubscription({ ordering: 'subscription', retryScheduleSeconds: [5] }));
    harness.sender.rule = (request) => answered(request.body.toString() === '{"n": 0}' ? 500 : 200);
    await harness.publish(...numbered(3));
    await harness.clock.advance(6_000);
    expect(numbers(harness)).toEqual([0, 0, 1, 2]);
    expect(harness.deadLetters()).toMatchObject([{ reason: 'exhausted' }]);
    expect(remainingEntries(harness)).toBe(0);
  });

  it('blocks on an exhausted head when told to, until a probe succeeds', async () => {
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

  it('lets a person send a blocked head by hand', async () => {
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

  it('ends what waits in order when it is disabled', async () => {
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

  it('takes in no more than its bound', async () => {
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

  it('sends nothing behind one that was too many before that one is in dead-letters', async () => {
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
  it('holds only itself', async () => {
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

  it('of another subscription is another line', async () => {
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

describe('what waits in a line', () => {
  it('gets an entry after a moment, and its partition goes on', async () => {
    const harness = await start();
    await harness.register(inOrder);
    await harness.publish(...numbered(4));
    await harness.clock.advance(10_500);
    expect(remainingEntries(harness)).toBe(4);
    const [lag] = (await harness.bus.lag('tidings-delivery', [topics.deliveries])).filter(
      ({ highOffset }) => highOffset > 0n,
    );
    expect(lag?.committedOffset).toBe(lag?.highOffset);
    expect(harness.attemptEvents().map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 3 }, () => ({ kind: 'deferred', reason: 'held' })),
    );
    harness.sender.rule = () => answered(200);
    harness.sender.sent[0]?.answer(answered(200));
    await harness.settle();
    expect(numbers(harness)).toEqual([0, 1, 2, 3]);
    expect(remainingEntries(harness)).toBe(0);
  });

  it('is read back from its entry when there was no room for it in memory', async () => {
    const harness = await start({ DELIVERY_MAX_HELD_BODY_BYTES: '0' });
    await harness.register(inOrder);
    await harness.publish(...numbered(4));
    await harness.clock.advance(10_500);
    expect(harness.opened.engine.ordering.bodies.bytes).toBe(0);
    harness.sender.rule = () => answered(200);
    harness.sender.sent[0]?.answer(answered(200));
    await harness.settle();
    expect(numbers(harness)).toEqual([0, 1, 2, 3]);
    expect(harness.sender.sent.map(({ body }) => body.toString())).toEqual(
      numbered(4).map(({ body }) => body.toString()),
    );
  });

  it('is let go when the order is no longer asked for', async () => {
    const harness = await start();
    await harness.register(inOrder);
    await harness.publish(...numbered(4));
    await harness.clock.advance(10_500);
    await harness.register(aSubscription({ version: 2 }));
    harness.sender.sent[0]?.answer(answered(200));
    await harness.settle();
    expect(numbers(harness)).toEqual([0, 1, 2, 3]);
    for (const sent of harness.sender.sent.slice(1)) sent.answer(answered(200));
    await harness.settle();
    expect(remainingEntries(harness)).toBe(0);
  });

  it('keeps the order of its keys when a line of all becomes lines of keys', async () => {
    const harness = await start();
    await harness.register(inOrder);
    await harness.publish(...numbered(2, 0, { orderingKey: 'a' }), ...numbered(2, 10, { orderingKey: 'b' }));
    await harness.register(aSubscription({ version: 2, ordering: 'key' }));
    harness.sender.sent[0]?.answer(answered(200));
    await harness.settle();
    expect(numbers(harness)).toEqual([0, 1, 10]);
    harness.sender.sent[2]?.answer(answered(200));
    await harness.settle();
    expect(numbers(harness)).toEqual([0, 1, 10, 11]);
  });

  it('keeps its order while the subscription is not known yet', async () => {
    const harness = await start();
    await harness.publish(aCommand(0));
    await harness.clock.advance(300);
    await harness.publish(aCommand(1));
    harness.sender.rule = (request) => answered(request.body.toString() === '{"n": 0}' ? 500 : 200);
    await harness.register(inOrder);
    await harness.publish(aCommand(2));
    expect(numbers(harness)).toEqual([0]);
    harness.sender.rule = () => answered(200);
    await harness.clock.advance(6_000);
    expect(numbers(harness)).toEqual([0, 0, 1, 2]);
  });
});

describe('a process that takes over', () => {
  const takeOver = async (env: Readonly<Record<string, string>> = {}) => {
    const clock = fakeClock(startMs);
    const bus = createMemoryBus({ clock });
    const options = { clock, env: { DELIVERY_DRAIN: '0', ...env }, cleanUp: onTestFinished };
    const first = new CrashingProcess(bus, clock, { delayMs: () => 0, commitLagMs: 400, onDeath: () => {} });
    const harness = await startHarness({ ...options, bus: first.bus, brokers: bus });
    const next = async (): Promise<Harness> => {
      first.kill();
      await harness.stop();
      return startHarness({ ...options, bus });
    };
    return { harness, next };
  };

  it('knows that the head waits and what waits behind it', async () => {
    const { harness, next } = await takeOver();
    await harness.register(inOrder);
    harness.sender.rule = () => answered(500);
    await harness.publish(...numbered(3));
    await harness.clock.advance(1_000);
    const second = await next();
    await second.publish(...numbered(1, 3));
    expect(numbers(second)).toEqual([]);
    second.sender.rule = () => answered(200);
    await second.clock.advance(6_000);
    expect(numbers(second)).toEqual([0, 1, 2, 3]);
  });

  it('sends the head again that was under way, and nothing later before it', async () => {
    const { harness, next } = await takeOver();
    await harness.register(inOrder);
    await harness.publish(...numbered(4));
    await harness.clock.advance(10_500);
    await harness.publish(...numbered(2, 4));
    const second = await next();
    expect(numbers(second)).toEqual([0]);
    second.sender.rule = () => answered(200);
    second.sender.sent[0]?.answer(answered(200));
    await second.settle();
    expect(numbers(second)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(remainingEntries(second)).toBe(0);
  });

  it('does not block for ever on an entry whose delivery was finished', async () => {
    const { harness, next } = await takeOver();
    await harness.register(inOrder);
    harness.sender.rule = () => answered(500);
    await harness.publish(...numbered(2));
    const [entry] = harness.bus.records(topics.orderingChangelog);
    harness.sender.rule = () => answered(200);
    await harness.clock.advance(6_000);
    const second = await next();
    // Writes the entry of a delivery that ended long ago, as a process that was paused might do.
    if (entry === undefined) throw new Error('no entry was written');
    const writer = await second.bus.producer();
    await writer.publish({ ...entry, topic: topics.orderingChangelog, partition: entry.partition });
    await second.stop();
    const third = await startHarness({ bus: second.bus, clock: second.clock, cleanUp: onTestFinished });
    third.sender.rule = () => answered(200);
    await third.publish(...numbered(1, 7));
    expect(numbers(third)).toEqual([7]);
    expect(remainingEntries(third)).toBe(0);
  });
});
