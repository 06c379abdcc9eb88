import { type DeliveryState, topics } from '@tidings/contracts';
import { createMemoryBus } from '@tidings/kafka/testing';
import { fakeClock } from '@tidings/runtime/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aCommand, startMs } from '../../test/builders.ts';
import type { Job } from '../domain/in-flight.ts';
import type { QueueEntry } from '../domain/ordered-queue.ts';
import type { Resolution } from '../domain/resolution.ts';
import { rungOfAtLeast } from '../domain/retry-ladder.ts';
import { createKafkaJournal } from './kafka-journal.ts';

const waitsAgain = (state: DeliveryState): Resolution => ({
  attemptEvent: null,
  followUp: { kind: 'command', state, rung: rungOfAtLeast(0) },
});

const deferJob = (state: DeliveryState): Resolution =>
  waitsAgain({ ...state, deferrals: state.deferrals + 1 });

const start = async (lingerMs: number, resolutionOf = waitsAgain) => {
  const clock = fakeClock(startMs);
  const bus = createMemoryBus({ clock });
  onTestFinished(() => bus.close());
  const journal = createKafkaJournal({ producer: await bus.producer(), clock, lingerMs });
  const written: number[] = [];
  const write = (n: number, entry: QueueEntry | null = null): void => {
    const command = aCommand(n);
    const job: Pick<Job, 'command' | 'entry'> = { command, entry };
    void journal.write(resolutionOf(command.state), job as Job).then(() => written.push(n));
  };
  return { clock, bus, write, written };
};

describe('the journal', () => {
  it('lets what is recorded wait for others, and no longer than it may', async () => {
    const { clock, bus, write, written } = await start(25);
    write(1);
    await clock.advance(20);
    write(2);
    await clock.advance(4);
    expect(written).toEqual([]);
    await clock.advance(1);
    expect(written).toEqual([1, 2]);
    expect(bus.records(rungOfAtLeast(0).topic)).toHaveLength(2);
    write(3);
    await clock.advance(24);
    expect(written).toEqual([1, 2]);
    await clock.advance(1);
    expect(written).toEqual([1, 2, 3]);
  });

  it('writes at once when enough has gathered', async () => {
    const { clock, write, written } = await start(25);
    for (let n = 0; n < 17; n += 1) write(n);
    await clock.advance(0);
    expect(written).toHaveLength(16);
    await clock.advance(25);
    expect(written).toHaveLength(17);
  });

  it('lets what is put aside wait ten times as long, or until there is a lot of it', async () => {
    const { clock, write, written } = await start(25, deferJob);
    write(0);
    await clock.advance(249);
    expect(written).toEqual([]);
    await clock.advance(1);
    expect(written).toEqual([0]);
    for (let n = 1; n <= 257; n += 1) write(n);
    await clock.advance(0);
    expect(written).toHaveLength(257);
    await clock.advance(250);
    expect(written).toHaveLength(258);
  });

  it.each([waitsAgain, deferJob])('writes at once when told not to gather', async (resolutionOf) => {
    const { clock, write, written } = await start(0, resolutionOf);
    write(1);
    await clock.advance(0);
    expect(written).toEqual([1]);
  });

  it('never keeps the next of a line waiting', async () => {
    const { clock, bus, write } = await start(25);
    const { state } = aCommand(1);
    write(1, { state, queue: { partition: 3 }, traceparent: null } as QueueEntry);
    await clock.advance(0);
    expect(bus.records(topics.orderingChangelog)).toHaveLength(1);
  });
});
