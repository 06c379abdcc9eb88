import { DecodeError, type ReplaySpec, topics } from '@tidings/contracts';
import type { Bus, IncomingRecord } from '@tidings/kafka';
import { toLoggedEvent } from '../../adapters/event-log.ts';
import type { LoggedEvent } from '../../ports.ts';
import type { Chunk, ReplayLog, Span } from '../ports.ts';

// Live events wait while a fetch is decompressed and decoded, and what it holds beyond the end of a chunk is fetched again.
// A chunk is in memory until it has been sent: what lives for seconds has to be moved by the garbage collector.
const maxFetchBytes = 32 * 1024;
const maxChunkRecords = 200;
const maxChunkBytes = 8 * 1024 * 1024;

// Times come from the clocks of several producers: events that were accepted in the span may follow later ones.
const disorderMs = 60_000;

class ChunkFull extends Error {}

const decodable = (record: IncomingRecord): LoggedEvent | undefined => {
  try {
    return toLoggedEvent(record);
  } catch (error) {
    // It was dead-lettered when it was fanned out.
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
};

type LogBus = Pick<Bus, 'readRange' | 'lag'>;

const createSpanOf =
  (bus: LogBus, group: string) =>
  async ({ fromMs, toMs, offsets }: ReplaySpec): Promise<Span> => {
    const positions = async (options?: Readonly<{ writtenBeforeMs: number }>) =>
      bus.lag(group, [topics.events], options);
    const now = await positions();
    const ends = new Map(now.map(({ partition, highOffset }) => [partition, highOffset]));
    // The group commits nothing of this topic: its position is the first record that is left.
    const lows = new Map(now.map(({ partition, committedOffset }) => [partition, Number(committedOffset)]));
    const existing = (partition: number, next: number) => Math.max(next, lows.get(partition) ?? 0);
    if (offsets !== undefined) {
      return new Map(
        Object.entries(offsets).map(([partition, [next, end]]) => {
          const high = Number(ends.get(Number(partition)) ?? 0n);
          return [Number(partition), { next: existing(Number(partition), next), end: Math.min(end, high) }];
        }),
      );
    }
    const starts = await positions({ writtenBeforeMs: fromMs ?? 0 });
    const stops = toMs === undefined ? [] : await positions({ writtenBeforeMs: toMs + disorderMs });
    const stopOf = new Map(stops.map(({ partition, highOffset }) => [partition, highOffset]));
    return new Map(
      starts.map(({ partition, highOffset }) => {
        const end = stopOf.get(partition) ?? ends.get(partition) ?? highOffset;
        return [partition, { next: existing(partition, Number(highOffset)), end: Number(end) }];
      }),
    );
  };

const createRead =
  (bus: LogBus): ReplayLog['read'] =>
  async ({ partition, next, end }, accepts): Promise<Chunk> => {
    const events: LoggedEvent[] = [];
    const until = Math.min(end, next + maxChunkRecords);
    let bytes = 0;
    let reached = next;
    const onRecord = (record: IncomingRecord): void => {
      if (bytes >= maxChunkBytes) throw new ChunkFull();
      reached = Number(record.offset) + 1;
      if (!accepts(record.headers)) return;
      const event = decodable(record);
      if (event === undefined) return;
      bytes += event.event.data.length;
      events.push(event);
    };
    try {
      await bus.readRange({
        topic: topics.events,
        partitions: [partition],
        from: { offsets: new Map([[partition, BigInt(next)]]) },
        until: new Map([[partition, BigInt(until)]]),
        onRecord,
        maxFetchBytes,
        service: 'fanout-replay',
      });
    } catch (error) {
      if (error instanceof ChunkFull) return { partition, events, next: reached };
      throw error;
    }
    return { partition, events, next: until };
  };

/** Creates a reader of the spans of replays. */
export const createReplayLog = (bus: LogBus, group: string): ReplayLog => ({
  spanOf: createSpanOf(bus, group),
  read: createRead(bus),
});
