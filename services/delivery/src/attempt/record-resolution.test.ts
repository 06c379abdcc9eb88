import { type DeliveryState, topics } from '@tidings/contracts';
import { createMemoryBus } from '@tidings/kafka/testing';
import { createMetrics, silentLogger } from '@tidings/observability';
import { fakeClock } from '@tidings/runtime/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aCommand, startMs } from '../../test/builders.ts';
import { chainKeyOf, FinishedAttempts } from '../domain/finished-attempts.ts';
import { InFlightJobs, type Job } from '../domain/in-flight-jobs.ts';
import { Listeners } from '../domain/listeners.ts';
import type { QueueEntry } from '../domain/ordered-queues.ts';
import type { Resolution } from '../domain/resolution.ts';
import { rungOfAtLeast } from '../domain/retry-ladder.ts';
import { metricsCatalogue } from '../metrics.ts';
import { Linger } from './linger.ts';
import { createRecordResolution, type Recorded } from './record-resolution.ts';

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
  const written: number[] = [];
  const recorded: Recorded = new Listeners();
  recorded.add(({ command }) => written.push((JSON.parse(command.body.toString()) as { n: number }).n));
  const record = createRecordResolution({
    producer: await bus.producer(),
    linger: new Linger(clock, lingerMs),
    inFlight: new InFlightJobs(),
    finishedAttempts: new FinishedAttempts({ rememberMs: 1_000, maxChainsPerGeneration: 1_000 }, 0),
    recorded,
    onDeadLetter: async () => {},
    metrics: createMetrics(metricsCatalogue, { service: 'delivery', nodeMetrics: false }).handles,
    clock,
    logger: silentLogger,
  });
  const write = (n: number, entry: QueueEntry | null = null): void => {
    const command = aCommand(n);
    const job = { command, entry, key: String(n), chain: chainKeyOf(command.state), records: [] };
    void record(job as unknown as Job, resolutionOf(command.state));
  };
  return { clock, bus, write, written };
};

describe('record', () => {
  it('writes records of sent requests together, after the linger time at most', async () => {
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

  it('writes a full batch of sent requests at once', async () => {
    const { clock, write, written } = await start(25);
    for (let n = 0; n < 17; n += 1) write(n);
    await clock.advance(0);
    expect(written).toHaveLength(16);
    await clock.advance(25);
    expect(written).toHaveLength(17);
  });

  it('writes deferrals after ten times the linger time, or as soon as their batch is full', async () => {
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

  it.each([waitsAgain, deferJob])('writes at once without a linger time', async (resolutionOf) => {
    const { clock, write, written } = await start(0, resolutionOf);
    write(1);
    await clock.advance(0);
    expect(written).toEqual([1]);
  });

  it('writes commands of an ordered queue at once', async () => {
    const { clock, bus, write } = await start(25);
    const { state } = aCommand(1);
    write(1, { state, queue: { partition: 3 }, traceparent: null } as QueueEntry);
    await clock.advance(0);
    expect(bus.records(topics.orderingChangelog)).toHaveLength(1);
  });
});
