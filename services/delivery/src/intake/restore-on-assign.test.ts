import { encodeDelivery, encodeSubscription, topics } from '@tidings/contracts';
import type { Bus, OutgoingRecord, Producer } from '@tidings/kafka';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { AppError } from '@tidings/runtime';
import { fakeClock } from '@tidings/runtime/testing';
import { answered } from '@tidings/testing/messages';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aCommand, aSubscription, startMs } from '../../test/builders.ts';
import { type Harness, startHarness } from '../../test/harness.ts';

/**
 * Wraps the bus of a process that crashes at its first record for a topic that
 * `isFatal`: that record is never written.
 */
const dyingAt = (bus: MemoryBus, isFatal: (record: OutgoingRecord) => boolean): MemoryBus => {
  const dying = (producer: Producer): Producer => {
    let hasCrashed = false;
    const guard = (records: readonly OutgoingRecord[]) => {
      hasCrashed ||= records.some(isFatal);
      if (hasCrashed) throw new AppError({ code: 'closed', message: 'the process has died' });
    };
    return {
      ...producer,
      whenWritable: async () => producer.whenWritable(),
      close: async () => producer.close(),
      publish: async (record) => {
        guard([record]);
        return producer.publish(record);
      },
      publishAll: async (records) => {
        guard(records);
        return producer.publishAll(records);
      },
    };
  };
  const producer: Bus['producer'] = async (options) => dying(await bus.producer(options));
  return { ...bus, producer };
};

const onBus = async (bus: MemoryBus, clock: ReturnType<typeof fakeClock>): Promise<Harness> =>
  startHarness({ bus, clock, env: { DELIVERY_DRAIN: '0' }, cleanUp: onTestFinished });

/** Wraps a bus so that no commits arrive: the process crashes between its record and its commit. */
const withoutCommits = (bus: MemoryBus): MemoryBus => ({
  ...bus,
  runPartitions: async (options) => bus.runPartitions({ ...options, commitIntervalMs: 3_600_000 }),
});

/** Writes a subscription and a command without the process, which cannot write. */
const write = async (bus: MemoryBus, harness: Harness): Promise<void> => {
  const producer = await bus.producer();
  await producer.publish({ topic: topics.subscriptions, ...encodeSubscription(aSubscription()) });
  await harness.settle();
  await producer.publish({ topic: topics.deliveries, ...encodeDelivery(aCommand(1)) });
  await harness.settle();
};

describe('a process that takes over', () => {
  it('does not repeat attempts that were recorded and not committed', async () => {
    const clock = fakeClock(startMs);
    const bus = createMemoryBus({ clock });
    const first = await onBus(withoutCommits(bus), clock);
    await first.register(aSubscription({ maxInFlight: 1 }));
    await first.publish(aCommand(0));
    first.sender.rule = () => answered(200);
    await first.register(aSubscription({ version: 2 }));
    await first.publish(...[1, 2, 3].map((n) => aCommand(n)));
    expect(first.attemptEvents()).toHaveLength(3);
    await first.stop();
    const second = await onBus(bus, clock);
    expect(second.sender.ids).toEqual([aCommand(0).state.deliveryId]);
    expect(await second.metric('tidings_delivery_duplicates_dropped_total', { kind: 'finished' })).toBe(3);
  });

  it('repeats an attempt whose next command was written and whose attempt event was not', async () => {
    const clock = fakeClock(startMs);
    const bus = createMemoryBus({ clock });
    const first = await onBus(
      dyingAt(bus, ({ topic }) => topic === topics.attempts),
      clock,
    );
    first.sender.rule = () => answered(500);
    await write(bus, first);
    expect(first.attemptEvents()).toEqual([]);
    expect(first.ladderCommands()).toHaveLength(1);
    await first.stop();
    const second = await onBus(bus, clock);
    expect(second.sender.sent).toHaveLength(1);
    second.sender.sent[0]?.answer(answered(500));
    second.sender.rule = () => answered(200);
    await second.clock.advance(20_000);
    const outcomes = second.attemptEvents().map(({ attempt, outcome }) => [attempt, outcome.kind]);
    expect(outcomes).toEqual([
      [1, 'failed'],
      [2, 'delivered'],
    ]);
  });

  it('never considers an attempt finished whose next command was not written', async () => {
    const clock = fakeClock(startMs);
    const bus = createMemoryBus({ clock });
    const first = await onBus(
      dyingAt(bus, ({ topic }) => topic.kind === 'ladder'),
      clock,
    );
    first.sender.rule = () => answered(500);
    await write(bus, first);
    await first.stop();
    const second = await onBus(bus, clock);
    second.sender.sent[0]?.answer(answered(200));
    await second.settle();
    expect(second.attemptEvents().some(({ outcome }) => outcome.kind === 'delivered')).toBe(true);
  });
});

describe('a process that takes over an ordered subscription', () => {
  const inOrder = aSubscription({ ordering: 'subscription' });

  const withTwo = async (isFatal: (record: OutgoingRecord) => boolean, isCommitting: boolean) => {
    const clock = fakeClock(startMs);
    const bus = createMemoryBus({ clock });
    const first = await onBus(dyingAt(isCommitting ? bus : withoutCommits(bus), isFatal), clock);
    const producer = await bus.producer();
    await producer.publish({ topic: topics.subscriptions, ...encodeSubscription(inOrder) });
    await first.settle();
    first.sender.rule = () => answered(500);
    for (const n of [1, 2])
      await producer.publish({ topic: topics.deliveries, ...encodeDelivery(aCommand(n)) });
    await first.settle();
    first.sender.rule = () => answered(200);
    return { bus, clock, first };
  };
  const [one, two] = [1, 2].map((n) => aCommand(n).state.deliveryId);

  it('continues from an entry that was written while its command was not committed', async () => {
    const { bus, clock, first } = await withTwo(() => false, false);
    await first.clock.advance(1_000);
    await first.stop();
    const second = await onBus(bus, clock);
    expect(second.sender.ids).toEqual([]);
    second.sender.rule = () => answered(200);
    await second.clock.advance(6_000);
    expect(second.sender.ids).toEqual([one, two]);
    const attempts = second.attemptEvents().filter(({ outcome }) => outcome.kind !== 'deferred');
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 1]);
  });

  it('does not repeat a delivery whose end was recorded and whose entry remained', async () => {
    const isEndOfEntry = ({ topic, value }: OutgoingRecord) =>
      topic === topics.orderingChangelog && value === null;
    const { bus, clock, first } = await withTwo(isEndOfEntry, true);
    await first.clock.advance(6_000);
    expect(first.sender.ids).toEqual([one, one, two]);
    await first.stop();
    const second = await onBus(bus, clock);
    expect(second.sender.ids).toEqual([two]);
    expect(bus.records(topics.orderingChangelog).at(-1)?.value).toBeNull();
  });
});

describe('forked commands', () => {
  it('a retry that the relay wrote twice is attempted once, and one chain continues', async () => {
    const harness = await startHarness({ cleanUp: onTestFinished });
    await harness.register(aSubscription());
    harness.sender.rule = () => answered(500);
    await harness.publish(aCommand(1));
    const [retry] = harness.ladderCommands();
    await harness.clock.advance(6_000);
    expect(harness.attemptEvents()).toHaveLength(2);
    if (retry === undefined) throw new Error('the retry is missing');
    await harness.publish(retry.command, retry.command);
    expect(harness.attemptEvents()).toHaveLength(2);
    expect(harness.sender.sent).toHaveLength(2);
    await harness.clock.advance(70_000);
    expect(harness.attemptEvents()).toHaveLength(3);
  });

  it('drops a repeat of a delivered command, but not a new chain of it', async () => {
    const harness = await startHarness({ cleanUp: onTestFinished });
    await harness.register(aSubscription());
    harness.sender.rule = () => answered(200);
    await harness.publish(aCommand(1));
    await harness.publish(aCommand(1), aCommand(1, { attempt: 2, trigger: 'retry' }));
    expect(harness.sender.sent).toHaveLength(1);
    await harness.publish(aCommand(1, { chain: 1, trigger: 'manual' }));
    expect(harness.sender.sent).toHaveLength(2);
  });
});
