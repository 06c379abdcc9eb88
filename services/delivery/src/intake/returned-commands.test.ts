import { ladder } from '@tidings/contracts';
import type { Producer } from '@tidings/kafka';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { fakeClock } from '@tidings/runtime/testing';
import { answered } from '@tidings/testing/messages';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aCommand, aSubscription, startMs } from '../../test/builders.ts';
import { startHarness } from '../../test/harness.ts';

/**
 * A bus whose producers report the acknowledgements of commands on the ladder only after `release`, although the
 * records are in the log: a busy process handles them late.
 */
const lateAcknowledgements = (bus: MemoryBus) => {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const isLate = (topic: string): boolean => ladder.some((rung) => rung.topic.name === topic);
  const producer = async (): Promise<Producer> => {
    const own = await bus.producer();
    return {
      publish: async (record, options) => {
        const position = await own.publish(record, options);
        if (isLate(record.topic.name)) await released;
        return position;
      },
      publishAll: async (records, options) => {
        const positions = await own.publishAll(records, options);
        if (records.some(({ topic }) => isLate(topic.name))) await released;
        return positions;
      },
      whenWritable: async () => own.whenWritable(),
      close: async () => own.close(),
    };
  };
  return { bus: { ...bus, producer }, release };
};

const aborted = {
  kind: 'aborted',
  detail: 'no socket was free',
  beforeAnyByte: true,
  timings: { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, bodyMs: null, totalMs: 1 },
} as const;

const start = async () => {
  const clock = fakeClock(startMs);
  const { bus, release } = lateAcknowledgements(createMemoryBus({ clock }));
  const harness = await startHarness({ bus, clock, cleanUp: onTestFinished });
  return { harness, release };
};

describe('a command that returns from the ladder before its move is acknowledged', () => {
  it('is sent after a deferral', async () => {
    const { harness, release } = await start();
    await harness.register(aSubscription());
    await harness.publish(aCommand(1));
    harness.sender.sent[0]?.answer(aborted);
    await harness.clock.advance(2_500);
    const { deliveryId } = aCommand(1).state;
    expect(harness.sender.ids).toEqual([deliveryId, deliveryId]);
    release();
    harness.sender.sent[1]?.answer(answered(200));
    await harness.settle();
    expect(harness.attemptEvents().filter(({ outcome }) => outcome.kind === 'delivered')).toHaveLength(1);
    expect(await harness.metric('tidings_delivery_duplicates_dropped_total')).toBe(0);
    expect(await harness.committed()).toBe(2);
  });

  it('is sent after a hop towards a later time', async () => {
    const { harness, release } = await start();
    await harness.register(aSubscription());
    await harness.publish(aCommand(1, { notBeforeMs: startMs + 1_500 }));
    expect(harness.ladderCommands()).toHaveLength(1);
    await harness.clock.advance(4_000);
    expect(harness.sender.ids).toEqual([aCommand(1).state.deliveryId]);
    release();
    await harness.settle();
    expect(await harness.metric('tidings_delivery_duplicates_dropped_total')).toBe(0);
  });

  it('is not sent again if the record that it came from was read again and delivered in the meantime', async () => {
    const { harness, release } = await start();
    await harness.register(aSubscription());
    await harness.publish(aCommand(1));
    harness.sender.sent[0]?.answer(aborted);
    await harness.clock.advance(100);
    // As after a rebalance: the offset of the first record was not committed.
    await harness.publish(aCommand(1));
    harness.sender.sent[1]?.answer(answered(200));
    await harness.clock.advance(2_500);
    release();
    await harness.settle();
    expect(harness.sender.sent).toHaveLength(2);
    expect(await harness.metric('tidings_delivery_duplicates_dropped_total', { kind: 'finished' })).toBe(1);
    expect(await harness.committed()).toBe(3);
  });
});
