import { decodeDelivery, topics } from '@tidings/contracts';
import type { Bus, IncomingRecord, TopicPartitionLag } from '@tidings/kafka';
import type { Hop, RetryHop } from './domain/pipeline.ts';

/** Records that a group has not finished. `oldestAtMs`: the log time of the oldest of them. */
export type Lag = Readonly<{
  hop: Hop;
  records: number;
  oldestAtMs: number | null;
  heads: readonly IncomingRecord[];
}>;

/** Commands that wait in a retry topic, and those of them that are due. */
export type Waiting = Lag & Readonly<{ hop: RetryHop; due: number }>;

type Reader = Pick<Bus, 'lag' | 'readRecords'>;

const sumOf = (lags: readonly TopicPartitionLag[]): number =>
  lags.reduce((sum, { lagRecords }) => sum + Number(lagRecords), 0);

const headsOf = async (bus: Reader, { topic }: Hop, lags: readonly TopicPartitionLag[]) => {
  const positions = lags
    .filter(({ lagRecords }) => lagRecords > 0n)
    .map(({ partition, committedOffset }) => ({ partition, offset: committedOffset }));
  if (positions.length === 0) return [];
  const heads = await bus.readRecords({ topic, positions });
  return heads.filter((head) => head !== null);
};

const earliest = (times: readonly number[]): number | null =>
  times.length === 0 ? null : Math.min(...times);

/** Measures how far a group is behind. Rejects with AppError `unavailable` if the brokers do not respond. */
export const measureLag = async (bus: Reader, hop: Hop): Promise<Lag> => {
  const lags = await bus.lag(hop.group, [hop.topic]);
  const heads = await headsOf(bus, hop, lags);
  return {
    hop,
    records: sumOf(lags),
    oldestAtMs: earliest(heads.map(({ timestampMs }) => timestampMs)),
    heads,
  };
};

/** Measures what waits in a retry topic. Rejects like {@link measureLag}. */
export const measureWaiting = async (bus: Reader, hop: RetryHop, nowMs: number): Promise<Waiting> => {
  const lag = await measureLag(bus, hop);
  if (lag.oldestAtMs === null || lag.oldestAtMs > nowMs - hop.delayMs) return { ...lag, hop, due: 0 };
  const due = await bus.lag(hop.group, [hop.topic], { writtenBeforeMs: nowMs - hop.delayMs });
  return { ...lag, hop, due: sumOf(due) };
};

const acceptedAtMs = (record: IncomingRecord): number | null => {
  if (record.topic === topics.events.name) return record.timestampMs;
  try {
    return decodeDelivery(record).state.acceptedAtMs;
  } catch {
    // It will be a dead letter and delays nothing.
    return null;
  }
};

/** Returns the time of acceptance of the oldest event among the first records of these hops; null without any. */
export const oldestAccepted = (lags: readonly Lag[]): number | null =>
  earliest(lags.flatMap(({ heads }) => heads.map(acceptedAtMs).filter((ms) => ms !== null)));
