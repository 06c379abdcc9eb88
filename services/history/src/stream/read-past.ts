import { topics } from '@tidings/contracts';
import type { Bus, IncomingRecord } from '@tidings/kafka';
import type { Erased } from '../erasure/erasing-stores.ts';
import type { StreamMessage } from './domain/stream-message.ts';
import {
  advance,
  at,
  copyOf,
  messagesPerRecord,
  type StreamPlace,
  type StreamPosition,
  type TopicIndex,
} from './domain/stream-position.ts';
import { RecordProjector, topicIndexOf } from './project-record.ts';

/** A message at its place in the log. */
export type PastMessage = StreamPlace & Readonly<{ message: StreamMessage }>;

type Range = Readonly<{ topic: TopicIndex; partition: number; from: number; until: number }>;

// Of each partition in one read: the messages of a read are in memory together.
const chunkRecords = 500;
// Read before the first chunk, so that repetitions of these records are recognised.
const lookBackRecords = 100;

/** Reads the log between two positions for one reader that resumes. */
export class PastReader {
  readonly #bus: Pick<Bus, 'readRange'>;
  readonly #projector: RecordProjector;
  #isFirst = true;

  constructor(bus: Pick<Bus, 'readRange'>, erasures: Erased) {
    this.#bus = bus;
    this.#projector = new RecordProjector(erasures);
  }

  /** Returns true if a message like this one was read: the record of the other repeats it. */
  hasSeen(message: StreamMessage): boolean {
    return this.#projector.hasSeen(message);
  }

  /**
   * Reads the next part of what lies between `position` and `end`. Returns its messages, in the order of time, which is
   * that of the log within a partition, and the position behind them.
   */
  async next(
    position: StreamPosition,
    end: StreamPosition,
  ): Promise<Readonly<{ messages: readonly PastMessage[]; position: StreamPosition }>> {
    const ranges = rangesBetween(position, end);
    const found: Found[] = [];
    const lookBack = this.#isFirst ? lookBackRecords : 0;
    this.#isFirst = false;
    const latestMs = new Map<string, number>();
    const onRecord = (record: IncomingRecord) => {
      const topic = topicIndexOf(record);
      const { partition } = record;
      const key = `${topic} ${partition}`;
      const atMs = Math.max(record.timestampMs, latestMs.get(key) ?? 0);
      latestMs.set(key, atMs);
      for (const { next, message } of this.#projector.project(record)) {
        if (next > at(position, topic, partition)) found.push({ atMs, topic, partition, next, message });
      }
    };
    await Promise.all([
      this.#read(0, { ranges, lookBack, onRecord }),
      this.#read(1, { ranges, lookBack, onRecord }),
    ]);
    const after = copyOf(position);
    for (const { topic, partition, until } of ranges) {
      advance(after, { topic, partition, next: until * messagesPerRecord[topic] });
    }
    // Stable, so that what one partition recorded at one time keeps its order.
    return { messages: found.sort((a, b) => a.atMs - b.atMs || a.topic - b.topic), position: after };
  }

  async #read(topic: TopicIndex, read: Read): Promise<void> {
    const ranges = read.ranges.filter((range) => range.topic === topic);
    if (ranges.length === 0) return;
    const offsets = ranges.map(
      ({ partition, from }) => [partition, BigInt(Math.max(0, from - read.lookBack))] as const,
    );
    await this.#bus.readRange({
      topic: topic === 0 ? topics.events : topics.attempts,
      partitions: ranges.map(({ partition }) => partition),
      from: { offsets: new Map(offsets) },
      until: new Map(ranges.map(({ partition, until }) => [partition, BigInt(until)])),
      onRecord: read.onRecord,
      service: 'history-stream',
    });
  }
}

type Found = PastMessage & Readonly<{ atMs: number }>;
type Read = Readonly<{
  ranges: readonly Range[];
  lookBack: number;
  onRecord: (record: IncomingRecord) => void;
}>;

function rangesBetween(position: StreamPosition, end: StreamPosition): Range[] {
  const ranges: Range[] = [];
  for (const topic of [0, 1] as const) {
    const perRecord = messagesPerRecord[topic];
    for (const [partition, value] of end[topic].entries()) {
      const from = Math.floor(at(position, topic, partition) / perRecord);
      const until = Math.min(from + chunkRecords, Math.ceil(value / perRecord));
      if (at(position, topic, partition) < value) ranges.push({ topic, partition, from, until });
    }
  }
  return ranges;
}

/** Returns the number of records between two positions. */
export const recordsBetween = (position: StreamPosition, end: StreamPosition): number =>
  rangeSizes(position, end).reduce((sum, size) => sum + size, 0);

function rangeSizes(position: StreamPosition, end: StreamPosition): number[] {
  return ([0, 1] as const).flatMap((topic) =>
    end[topic].map((value, partition) =>
      Math.max(0, Math.ceil((value - at(position, topic, partition)) / messagesPerRecord[topic])),
    ),
  );
}
