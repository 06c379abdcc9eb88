import { type DeliveryState, decodeSuperseded, topics } from '@tidings/contracts';
import { CrashingProcess, createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { sleep } from '@tidings/runtime';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { answered } from '@tidings/testing/messages';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aCommand, aSubscription, startMs } from '../../test/builders.ts';
import { type Harness, type Sent, startHarness } from '../../test/harness.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const aRetry = (number: number, overrides: Partial<DeliveryState> = {}) =>
  aCommand(number, { chain: 1, trigger: 'manual', supersedes: true, ...overrides });

const startOn = async (bus: MemoryBus, clock: FakeClock, onSend?: (sent: Sent) => void): Promise<Harness> =>
  startHarness({
    bus,
    clock,
    env: { DELIVERY_DRAIN: '0' },
    cleanUp: onTestFinished,
    ...(onSend && { onSend }),
  });

const start = async () => {
  const clock = fakeClock(startMs);
  const bus = createMemoryBus({ clock });
  return { clock, bus, harness: await startOn(bus, clock) };
};

/** Chain and attempt of every attempt event, in the order of their partition. */
const attempts = ({ attemptEvents }: Pick<Harness, 'attemptEvents'>) =>
  attemptEvents().map(({ chain, attempt, outcome }) => `${chain}.${attempt} ${outcome.kind}`);

const dropped = async (harness: Harness) =>
  harness.metric('tidings_delivery_duplicates_dropped_total', { kind: 'superseded' });

/** Fails the first attempt of a command, whose next one waits from then on. */
const failOnce = async (harness: Harness, retryScheduleSeconds: number[]): Promise<void> => {
  await harness.register(aSubscription({ retryScheduleSeconds }));
  harness.sender.rule = () => answered(404);
  await harness.publish(aCommand(1));
};

describe('a retry of a delivery whose command waits', () => {
  it('is sent at once, and the command that waited ends without a request when it comes back', async () => {
    const { harness, clock } = await start();
    await failOnce(harness, [3_600]);
    harness.sender.rule = () => answered(200);
    await harness.publish(aRetry(1));
    expect(attempts(harness)).toEqual(['0.1 failed', '1.1 delivered']);
    await clock.advance(2 * hourMs);
    expect(attempts(harness)).toEqual(['0.1 failed', '1.1 delivered']);
    expect(await dropped(harness)).toBe(1);
    expect(harness.deadLetters()).toEqual([]);
    expect(await harness.committed()).toBe(harness.bus.records(topics.deliveries).length);
  });

  it('is known to every later process, after a wait that is longer than any memory', async () => {
    const { harness, clock, bus } = await start();
    await failOnce(harness, [7 * 24 * 3_600]);
    harness.sender.rule = () => answered(200);
    await harness.publish(aRetry(1));
    await harness.stop();
    // Nothing runs for as long as the rung keeps the command. Only the log knows then that it is superseded.
    await clock.advance(7 * dayMs);
    const second = await startOn(bus, clock);
    await clock.advance(2_000);
    expect(second.sender.ids).toEqual([]);
    expect(await dropped(second)).toBe(1);
    expect(attempts(harness)).toEqual(['0.1 failed', '1.1 delivered']);
  });

  it('continues by its own schedule when it fails, and another retry takes the place of both', async () => {
    const { harness, clock } = await start();
    await failOnce(harness, [3_600]);
    await harness.publish(aRetry(1));
    await clock.advance(60_000);
    harness.sender.rule = () => answered(200);
    await harness.publish(aRetry(1, { chain: 2 }));
    await clock.advance(2 * hourMs);
    expect(attempts(harness)).toEqual(['0.1 failed', '1.1 failed', '2.1 delivered']);
    expect(await dropped(harness)).toBe(2);
  });

  it('leaves a dead letter of its own when it is exhausted', async () => {
    const { harness, clock } = await start();
    await failOnce(harness, [3_600]);
    await harness.publish(aRetry(1));
    await clock.advance(2 * hourMs);
    expect(attempts(harness)).toEqual(['0.1 failed', '1.1 failed', '1.2 failed']);
    expect(harness.deadLetters().map(({ state }) => state.chain)).toEqual([1]);
  });

  it('is sent once if its command is written twice', async () => {
    const { harness, clock } = await start();
    await failOnce(harness, [3_600]);
    harness.sender.rule = () => answered(200);
    await harness.publish(aRetry(1), aRetry(1));
    await harness.publish(aRetry(1));
    await clock.advance(2 * hourMs);
    expect(attempts(harness)).toEqual(['0.1 failed', '1.1 delivered']);
    expect(harness.bus.records(topics.supersededCommands)).toHaveLength(1);
  });

  it('applies to a command that waits in memory', async () => {
    const { harness, clock } = await start();
    await harness.register(aSubscription());
    harness.sender.rule = () => answered(200);
    await harness.publish(aCommand(1, { notBeforeMs: startMs + 500 }));
    await harness.publish(aRetry(1));
    await clock.advance(2_000);
    expect(attempts(harness)).toEqual(['1.1 delivered']);
    expect(await dropped(harness)).toBe(1);
  });

  it('is recorded in the partition of its command, and not for commands that supersede nothing', async () => {
    const { harness } = await start();
    await harness.register(aSubscription());
    await harness.publish(aCommand(1), aCommand(2, { chain: 1, trigger: 'redrive' }), aRetry(3));
    const [command] = harness.bus.records(topics.deliveries);
    const records = harness.bus.records(topics.supersededCommands);
    expect(records.map((record) => [record.partition, decodeSuperseded(record)])).toEqual([
      [
        command?.partition,
        {
          type: 'CommandsSuperseded.v1',
          subscriptionId: aCommand(3).state.subscriptionId,
          deliveryId: aCommand(3).state.deliveryId,
          chain: 1,
        },
      ],
    ]);
  });
});

describe('a retry of the head of an ordered queue', () => {
  it('is sent now, the queue continues behind it, and the entry that waited does not come back', async () => {
    const { harness, clock, bus } = await start();
    await harness.register(aSubscription({ ordering: 'subscription', retryScheduleSeconds: [3_600] }));
    harness.sender.rule = () => answered(404);
    await harness.publish(aCommand(1), aCommand(2));
    await clock.advance(10_000);
    harness.sender.rule = () => answered(200);
    await harness.publish(aRetry(1));
    const expected = [aCommand(1), aCommand(1), aCommand(2)].map(({ state }) => state.deliveryId);
    expect(harness.sender.ids).toEqual(expected);
    await harness.stop();
    const second = await startOn(bus, clock);
    await clock.advance(2 * hourMs);
    expect(second.sender.ids).toEqual([]);
  });

  it('ends an entry whose tombstone was lost', async () => {
    const { harness, clock, bus } = await start();
    await harness.register(aSubscription({ ordering: 'subscription', retryScheduleSeconds: [3_600] }));
    harness.sender.rule = () => answered(404);
    await harness.publish(aCommand(1));
    harness.sender.rule = () => answered(200);
    await harness.publish(aRetry(1));
    await harness.stop();
    const entry = bus.records(topics.orderingChangelog).find(({ value }) => value !== null);
    const writer = await bus.producer();
    if (entry === undefined) throw new Error('no entry');
    const { partition, key, headers, value } = entry;
    await writer.publish({ topic: topics.orderingChangelog, partition, key, headers, value });
    const second = await startOn(bus, clock);
    // At once: it would delay what is behind it for an hour.
    await clock.advance(1_000);
    expect(second.sender.ids).toEqual([]);
    expect(bus.records(topics.orderingChangelog).at(-1)?.value).toBeNull();
  });
});

/** Delays the records of superseded commands, so that all others of a retry are written and committed before. */
const slowly = (bus: MemoryBus, clock: FakeClock, delayMs: number): MemoryBus => ({
  ...bus,
  producer: async (options) => {
    const producer = await bus.producer(options);
    return {
      ...producer,
      publish: async (record, published) => {
        if (record.topic === topics.supersededCommands) await sleep(clock, delayMs);
        return producer.publish(record, published);
      },
    };
  },
});

type Course = Readonly<{ step?: number; delayMs: number }>;

/** Runs one process that crashes at its nth boundary while a retry takes the place of a waiting command. */
const crashAt = async ({ step, delayMs }: Course) => {
  const clock = fakeClock(startMs);
  const bus = createMemoryBus({ clock });
  let turn = 0;
  const process: CrashingProcess = new CrashingProcess(bus, clock, {
    delayMs: () => (turn++ % 3) * 2,
    commitLagMs: 0,
    onDeath: () => {},
    ...(step === undefined ? {} : { crashAt: step }),
  });
  const isRetried = (): boolean => bus.records(topics.deliveries).length > 1;
  const answer = (sent: Sent): void => sent.answer(answered(isRetried() ? 200 : 404));
  const first = await startHarness({
    bus: slowly(process.bus, clock, delayMs),
    brokers: bus,
    clock,
    env: { DELIVERY_DRAIN: '0' },
    cleanUp: onTestFinished,
    onSend: (sent) => {
      if (process.step()) clock.setTimer(() => process.step() && answer(sent), 5);
    },
  });
  await first.register(aSubscription({ retryScheduleSeconds: [30, 30] }));
  await first.publish(aCommand(1));
  await clock.advance(1_000);
  const takeOver = async (): Promise<Harness> => {
    process.kill();
    await first.stop();
    return startOn(bus, clock, answer);
  };
  let second = process.hasCrashed ? await takeOver() : null;
  await clock.advance(1_000);
  await (second ?? first).publish(aRetry(1));
  await clock.advance(1_000);
  if (second === null && process.hasCrashed) second = await takeOver();
  await clock.advance(60_000);
  if (second === null && process.hasCrashed) second = await takeOver();
  await clock.advance(60_000);
  return { bus, steps: process.steps, last: second ?? first };
};

describe('a process that crashes at any boundary of a retry', () => {
  it.each([0, 700])(
    'loses no delivery, and sends nothing of the superseded chain (its record is %i ms late)',
    async (delayMs) => {
      const undisturbed = await crashAt({ delayMs });
      expect(attempts(undisturbed.last)).toEqual(['0.1 failed', '1.1 delivered']);
      expect(undisturbed.steps).toBeGreaterThan(8);
      for (let step = 1; step <= undisturbed.steps; step += 1) {
        const { last, bus } = await crashAt({ step, delayMs });
        const events = attempts(last);
        const summary = {
          step,
          isDelivered: events.includes('1.1 delivered'),
          ofSuperseded: events.filter((event) => event.startsWith('0.2')),
          isRecorded: bus.records(topics.supersededCommands).length > 0,
          uncommitted: bus.records(topics.deliveries).length - (await last.committed()),
        };
        const expected = { isDelivered: true, ofSuperseded: [], isRecorded: true, uncommitted: 0 };
        expect(summary).toEqual({ step, ...expected });
      }
    },
    60_000,
  );
});
