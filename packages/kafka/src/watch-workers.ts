import type { Logger } from '@tidings/observability';
import { type Clock, type HealthPart, messageOf } from '@tidings/runtime';
import type { PartitionRef, TopicPartitionLag, WorkerState } from './bus.ts';

/** A part of the service and what is wrong with it now; null when nothing is. */
export type Watched = Readonly<{ part: HealthPart; complaint: () => string | null }>;

/** The lag of a group, asked of the brokers, and the partitions of it that are ours. */
export type LagWatch = Readonly<{
  ask: () => Promise<readonly TopicPartitionLag[]>;
  assigned: () => readonly PartitionRef[];
  onLag: (records: number) => void;
}>;

/** What is wrong with a worker in this state; null when nothing is. */
export const complaintOf = (state: WorkerState): string | null =>
  state === 'running' ? null : `is ${state}`;

/** What to look at, and what to look with. */
export type WatchWorkersOptions = Readonly<{
  watched: readonly Watched[];
  lag: LagWatch;
  clock: Clock;
  logger: Logger;
}>;

const lookEveryMs = 1_000;
const askEveryMs = 15_000;

const repeat = (clock: Clock, everyMs: number, work: () => Promise<void> | void): (() => void) => {
  let isStopped = false;
  let cancel: () => void = () => {};
  const turn = async (): Promise<void> => {
    await work();
    if (!isStopped) cancel = clock.setTimer(() => void turn(), everyMs);
  };
  void turn();
  return () => {
    isStopped = true;
    cancel();
  };
};

/** Tells the health report about the workers each second, and the lag gauge every 15 s. Returns what stops both. */
export const watchWorkers = ({ watched, lag, clock, logger }: WatchWorkersOptions): (() => void) => {
  const stopLooking = repeat(clock, lookEveryMs, () => {
    for (const { part, complaint } of watched) {
      const reason = complaint();
      if (reason === null) part.up();
      else part.down(reason);
    }
  });
  const stopAsking = repeat(clock, askEveryMs, async () => {
    try {
      const mine = new Set(lag.assigned().map(({ topic, partition }) => `${topic} ${partition}`));
      const ours = (await lag.ask()).filter(({ topic, partition }) => mine.has(`${topic} ${partition}`));
      lag.onLag(ours.reduce((sum, { lagRecords }) => sum + Number(lagRecords), 0));
    } catch (error) {
      // The runner reports brokers that are away; here only a figure is missing.
      logger.debug({ detail: messageOf(error) }, 'lag.unknown');
    }
  });
  return () => {
    stopLooking();
    stopAsking();
  };
};
