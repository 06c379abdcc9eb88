import { topics } from '@tidings/contracts';
import { CrashingProcess, createMemoryBus } from '@tidings/kafka/testing';
import { fakeClock } from '@tidings/runtime/testing';
import { answered } from '@tidings/testing/messages';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aSubscription, startMs } from '../../test/builders.ts';
import { type Harness, startHarness } from '../../test/harness.ts';
import { numbered, numbers, remainingEntries } from '../../test/ordering-harness.ts';

const inOrder = aSubscription({ ordering: 'subscription' });

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

  it('restores the wait of the head and the commands behind it', async () => {
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

  it('sends a head that was in flight again, and nothing later before it', async () => {
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

  it('skips an entry whose delivery has finished', async () => {
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
