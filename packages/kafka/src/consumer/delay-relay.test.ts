import type { TopicDefinition } from '@tidings/contracts';
import { fakeClock } from '@tidings/runtime/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryBus } from '../memory/memory-bus.ts';

const topic = (name: string, partitions: number): TopicDefinition => ({
  name,
  kind: 'work',
  partitions,
  key: 'any',
  config: {},
});
const rung = topic('rung', 3);
const target = topic('target', 1);
const delayMs = 60_000;

/** Starts a relay over the memory bus, and collects the number in each record that it has forwarded. */
async function relaying(lingerMs = 0) {
  const clock = fakeClock();
  const bus = createMemoryBus({ clock });
  const producer = await bus.producer();
  const relay = await bus.relay({
    group: 'relay',
    rungs: [{ topic: rung, delayMs }],
    lingerMs,
    forward: ({ value, headers, partition, timestampMs }) => ({
      topic: target,
      key: null,
      headers: { ...headers, partition: String(partition), at: String(timestampMs) },
      value,
    }),
  });
  await clock.advance(0);
  const put = async (number: number, partition: number): Promise<void> => {
    await producer.publish({ topic: rung, key: null, partition, value: Buffer.from(String(number)) });
  };
  const moved = () => bus.records(target).map(({ value }) => Number(value));
  return { clock, bus, relay, put, moved };
}

describe('startRelay', () => {
  it('forwards every record after its delay, in the order of its partition', async () => {
    const arrivals = fc.array(
      fc.record({ afterMs: fc.nat({ max: 90_000 }), partition: fc.nat({ max: 2 }) }),
      {
        maxLength: 30,
      },
    );
    await fc.assert(
      fc.asyncProperty(arrivals, async (records) => {
        const { clock, bus, put, moved } = await relaying();
        for (const [number, { afterMs, partition }] of records.entries()) {
          await clock.advance(afterMs);
          await put(number, partition);
        }
        await clock.advance(delayMs);
        expect(moved().sort((a, b) => a - b)).toEqual([...records.keys()]);
        for (const partition of [0, 1, 2]) {
          const relayPartition = bus
            .records(target)
            .filter(({ headers }) => headers['partition'] === String(partition));
          const numbers = relayPartition.map(({ value }) => Number(value));
          expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
          for (const { timestampMs, headers } of relayPartition)
            expect(timestampMs - Number(headers['at'])).toBe(delayMs);
        }
        await bus.close({ drainMs: 0 });
      }),
      { numRuns: 40 },
    );
  });

  it('forwards due records together, late by at most the linger', async () => {
    const { clock, bus, put } = await relaying(25);
    for (let number = 0; number < 100; number += 1) {
      await clock.advance(1);
      await put(number, number % 3);
    }
    await clock.advance(delayMs + 25);
    const records = bus.records(target);
    expect(records).toHaveLength(100);
    for (const { timestampMs, headers } of records) {
      const waitedMs = timestampMs - Number(headers['at']);
      expect(waitedMs).toBeGreaterThanOrEqual(delayMs);
      expect(waitedMs).toBeLessThan(delayMs + 25);
    }
    expect(new Set(records.map(({ timestampMs }) => timestampMs)).size).toBeLessThanOrEqual(5);
    await bus.close();
  });

  it('forwards no record before it is due', async () => {
    const { clock, bus, relay, put, moved } = await relaying();
    await put(1, 0);
    await clock.advance(delayMs - 1);
    expect(moved()).toEqual([]);
    expect(relay.headTimestampMs({ topic: rung.name, partition: 0 })).toBe(clock.nowMs() - delayMs + 1);
    await clock.advance(1);
    expect(moved()).toEqual([1]);
    expect(relay.headTimestampMs({ topic: rung.name, partition: 0 })).toBeUndefined();
    await bus.close();
  });

  it.each([
    ['a day behind', -86_400_000],
    ['a day ahead of', 86_400_000],
  ])(
    'waits at most one delay when its own clock is %s the one that stamped the records',
    async (_, stepMs) => {
      const clock = fakeClock();
      const bus = createMemoryBus({ clock });
      const records = [1, 2, 3].map((n) => ({
        topic: rung,
        key: null,
        partition: 0,
        value: Buffer.from(String(n)),
      }));
      await (await bus.producer()).publishAll(records);
      clock.set(clock.nowMs() + stepMs);
      await bus.relay({
        group: 'relay',
        rungs: [{ topic: rung, delayMs }],
        forward: ({ value }) => ({ topic: target, key: null, value }),
      });
      await clock.advance(delayMs);
      expect(bus.records(target).map(({ value }) => Number(value))).toEqual([1, 2, 3]);
      await bus.close();
    },
  );

  it.each([
    ['back', -3_600_000],
    ['forward', 3_600_000],
  ])(
    'keeps to its delay when the clock steps %s while records wait, with one timer a partition',
    async (_, stepMs) => {
      const { clock, bus, put, moved } = await relaying();
      const idleTimers = clock.pendingTimers;
      await put(1, 0);
      await clock.advance(delayMs / 2);
      clock.set(clock.nowMs() + stepMs);
      // Its log time differs by an hour from that of the record before it.
      await put(2, 0);
      await clock.advance(delayMs / 2 - 1);
      expect(moved()).toEqual([]);
      expect(clock.pendingTimers).toBeLessThanOrEqual(idleTimers + 1);
      await clock.advance(1);
      expect(moved()).toEqual([1]);
      await clock.advance(delayMs / 2);
      expect(moved()).toEqual([1, 2]);
      await bus.close();
    },
  );

  it('keeps due records while Kafka is unavailable, and sends them once when it is back', async () => {
    const { clock, bus, put, moved } = await relaying();
    await put(1, 0);
    bus.setReachable(false);
    await clock.advance(delayMs * 2);
    expect(moved()).toEqual([]);
    bus.setReachable(true);
    await clock.advance(0);
    expect(moved()).toEqual([1]);
    await clock.advance(500);
    const [lag] = await bus.lag('relay', [rung]);
    expect(lag?.lagRecords).toBe(0n);
    await bus.close();
  });

  it('commits no offset of a record that was not forwarded', async () => {
    const { clock, bus, relay, put } = await relaying();
    await put(1, 0);
    await clock.advance(1_000);
    const closing = relay.close();
    await clock.advance(0);
    await closing;
    const [lag] = await bus.lag('relay', [rung]);
    expect(lag?.lagRecords).toBe(1n);
    await bus.close();
  });
});
