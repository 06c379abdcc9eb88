import { consumerGroups, decodeEvent, topics, type WorkspaceId } from '@tidings/contracts';
import type { Bus } from '@tidings/kafka';
import type { ReadEvent } from '../ports.ts';

/** Returns the position of a delivery's event in the log; null if it is not known. */
export type PositionOf = (
  delivery: Parameters<ReadEvent>[0],
) => Promise<Readonly<{ partition: number; offset: number }> | null>;

type LogReader = Pick<Bus, 'readRecords' | 'lag'>;

// A group that never commits: its lag begins at the first record that the log still has.
const withoutCommits = `${consumerGroups.history}-oldest-event`;

const oldestEventMs = async (bus: LogReader, expiredBeforeMs: number): Promise<number | null> => {
  const lags = await bus.lag(withoutCommits, [topics.events]);
  const first = lags
    .filter(({ lagRecords }) => lagRecords > 0n)
    .map(({ partition, committedOffset }) => ({ partition, offset: committedOffset }));
  const records = await bus.readRecords({ topic: topics.events, positions: first });
  const times = records.flatMap((record) => (record === null ? [] : [record.timestampMs]));
  return times.length === 0 ? null : Math.max(expiredBeforeMs, Math.min(...times));
};

/**
 * Creates the function that reads events from the log by their positions. `expiredBeforeMs` returns the accepted time
 * before which the events of a workspace have expired, though the log may still have them.
 */
export const createReadEvent =
  (
    bus: LogReader,
    positionOf: PositionOf,
    expiredBeforeMs: (workspaceId: WorkspaceId) => number,
  ): ReadEvent =>
  async (delivery) => {
    const beforeMs = expiredBeforeMs(delivery.workspaceId);
    const unavailable = async () => ({ oldestAtMs: await oldestEventMs(bus, beforeMs) });
    const position = await positionOf(delivery);
    const positions =
      position === null ? [] : [{ partition: position.partition, offset: BigInt(position.offset) }];
    const [record] = await bus.readRecords({ topic: topics.events, positions });
    if (record === undefined || record === null || record.timestampMs < beforeMs) return unavailable();
    const event = decodeEvent(record);
    // Another one took the place of the log, for instance in a restored cluster.
    if (event.id !== delivery.eventId) return unavailable();
    return { event, acceptedAtMs: Math.max(0, record.timestampMs) };
  };
