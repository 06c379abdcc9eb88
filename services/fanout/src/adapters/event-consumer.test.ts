import { encodeEvent, subscriptionId, topics } from '@tidings/contracts';
import type { Producer } from '@tidings/kafka';
import { createMemoryBus } from '@tidings/kafka/testing';
import { AppError, systemClock } from '@tidings/runtime';
import { eventually } from '@tidings/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { anEvent, aSubscription } from '../../test/builders.ts';
import { DedupeWindows } from '../domain/dedupe-windows.ts';
import { MatchIndex } from '../domain/match-index.ts';
import { handleEventAccepted } from '../handle-event-accepted.ts';
import type { FannedOut } from '../record-fan-out.ts';
import { EventConsumer, eventGroup } from './event-consumer.ts';

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const bounds = { windowMs: 600_000, maxRecords: 1_000 };

/** Starts a consumer with 1,300 subscriptions that match, and publishes one event. */
const given = async (publishAll: Producer['publishAll']) => {
  const bus = createMemoryBus();
  cleanUps.push(async () => bus.close());
  const index = new MatchIndex(() => () => true);
  for (let n = 0; n < 1_300; n += 1) index.put(aSubscription({ id: subscriptionId(`sub_${n}`) }));
  const parts = { index, maxDataBytes: 1_000, childTraceparent: () => 'p' };
  const fannedOut: FannedOut[] = [];
  const made = { commands: 0 };
  const consumer = new EventConsumer({
    bus,
    producer: { publishAll, whenWritable: async () => {} },
    clock: systemClock,
    handle: (logged, windows) => {
      const result = handleEventAccepted(parts, logged, windows);
      if (result.outcome !== 'fanned-out') return result;
      const request: typeof result.request = (subscription) => {
        made.commands += 1;
        return result.request(subscription);
      };
      return { ...result, request };
    },
    load: async (logged) => logged,
    refill: async () => new DedupeWindows({ published: bounds, received: bounds }),
    onFannedOut: (one) => void fannedOut.push(one),
    maxPendingPerPartition: 100,
    lingerMs: 0,
  });
  const runner = await consumer.run();
  cleanUps.push(async () => runner.close());
  const producer = await bus.producer();
  const record = encodeEvent(anEvent(1), { isRepeatable: true });
  await producer.publish({ topic: topics.events, partition: 0, ...record });
  return { bus, fannedOut, made };
};

const countTurns = () => {
  const counted = { turns: 0 };
  const count = (): void => {
    counted.turns += 1;
    turn = setImmediate(count);
  };
  let turn = setImmediate(count);
  cleanUps.push(async () => clearImmediate(turn));
  return counted;
};

describe('the fan-out of an event that many subscriptions match', () => {
  it('makes and sends its commands slice by slice, with a turn for other work between them', async () => {
    const counted = countTurns();
    const sends: { records: number; turn: number }[] = [];
    const { fannedOut, made } = await given(async (records) => {
      sends.push({ records: records.length, turn: counted.turns });
      // Those of the next slice are not made yet, but for the one that ended this slice.
      expect(made.commands).toBeLessThanOrEqual(500 * sends.length + 1);
      return [];
    });
    await eventually(() => expect(fannedOut).toHaveLength(1));
    expect(sends.map(({ records }) => records)).toEqual([500, 500, 300]);
    expect(new Set(sends.map(({ turn }) => turn)).size).toBe(3);
  });

  it('is done only when every slice is acknowledged, and runs again from its first after one was refused', async () => {
    let sends = 0;
    const { bus, fannedOut } = await given(async () => {
      sends += 1;
      if (sends === 2) throw new AppError({ code: 'unavailable', message: 'refused' });
      return [];
    });
    await eventually(() => expect(fannedOut).toHaveLength(1));
    expect(sends).toBe(6);
    await eventually(async () => {
      const [lag] = await bus.lag(eventGroup, [topics.events]);
      expect(lag?.committedOffset).toBe(1n);
    });
  });
});
