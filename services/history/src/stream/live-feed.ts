import { topics } from '@tidings/contracts';
import type { Bus, Erasures, Follower, IncomingRecord } from '@tidings/kafka';
import type { Clock } from '@tidings/runtime';
import { MessageRing, type RingLimits } from './domain/message-ring.ts';
import { encodeStreamId } from './domain/stream-id.ts';
import { advance, copyOf, newPosition, type StreamPosition } from './domain/stream-position.ts';
import { RecordProjector, topicIndexOf, valueAt } from './project-record.ts';
import { type Selection, type SelectionReader, Selections } from './selections.ts';

/** The topics of the stream. */
export const followedTopics = [topics.events, topics.attempts] as const;

export type LiveFeedParts = Readonly<{
  bus: Pick<Bus, 'follow'>;
  erasures: Pick<Erasures, 'covers' | 'ready'>;
  clock: Clock;
  limits: RingLimits;
}>;

// One fetch carries what arrived in this time, and one write to each reader.
const fetchIntervalMs = 100;
// Read before the ends, so that repetitions of these records are recognised, and short absences are covered.
const lookBackRecords = 100n;

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** The messages of this process from its opening on: one follower and one projection for all readers. */
export class LiveFeed {
  readonly #clock: Clock;
  readonly #projector: RecordProjector;
  readonly #selections = new Selections();
  readonly #follower: Follower;
  readonly #ring: MessageRing;
  /** Position behind every record that was read. */
  readonly #head: StreamPosition;
  /** Ends of the topics when it was opened: where a new reader begins until they are reached. */
  readonly #ends: StreamPosition;
  #seq = 0;
  #isFlushPlanned = false;
  #isClosed = false;

  private constructor(parts: LiveFeedParts, follower: Follower) {
    this.#clock = parts.clock;
    this.#projector = new RecordProjector(parts.erasures);
    this.#follower = follower;
    const start = newPosition();
    this.#ends = newPosition();
    for (const { topic, partition, lowOffset, highOffset } of follower.ends) {
      const index = topicIndexOf({ topic });
      advance(start, { topic: index, partition, next: valueAt(index, startOf(lowOffset, highOffset)) });
      advance(this.#ends, { topic: index, partition, next: valueAt(index, highOffset) });
    }
    this.#head = copyOf(start);
    this.#ring = new MessageRing(parts.limits, start);
  }

  /** Opens a feed. Rejects with AppError `unavailable` while the brokers are not available. */
  static async open(parts: LiveFeedParts): Promise<LiveFeed> {
    await parts.erasures.ready();
    const early: (readonly IncomingRecord[])[] = [];
    let take = (records: readonly IncomingRecord[]): void => void early.push(records);
    const follower = await parts.bus.follow({
      topics: followedTopics,
      service: 'history-stream',
      startAt: ({ lowOffset, highOffset }) => startOf(lowOffset, highOffset),
      onRecords: (records) => take(records),
      fetchIntervalMs,
    });
    const feed = new LiveFeed(parts, follower);
    take = (records) => feed.#take(records);
    for (const records of early) feed.#take(records);
    return feed;
  }

  get ring(): MessageRing {
    return this.#ring;
  }

  get head(): StreamPosition {
    return this.#head;
  }

  /** Returns the position of a reader that begins now. */
  now(): StreamPosition {
    const position = copyOf(this.#head);
    for (const topic of [0, 1] as const) {
      for (const [partition, next] of this.#ends[topic].entries())
        advance(position, { topic, partition, next });
    }
    return position;
  }

  get isRunning(): boolean {
    return this.#follower.state() === 'running';
  }

  /** Adds a reader, which receives every message after the last one of the ring. */
  add(selection: Selection, reader: SelectionReader): void {
    // Else it would receive again what it has read from the ring.
    this.#flush();
    this.#selections.add(selection, reader);
  }

  remove(selection: Selection, reader: SelectionReader): void {
    this.#selections.remove(selection, reader);
  }

  /** Removes what the ring holds no longer than its limits allow. */
  evict(): void {
    this.#ring.evict(this.#clock.nowMs());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#follower.close();
  }

  #take(records: readonly IncomingRecord[]): void {
    if (this.#isClosed) return;
    const atMs = this.#clock.nowMs();
    for (const record of records) {
      const topic = topicIndexOf(record);
      const { partition } = record;
      for (const { next, message } of this.#projector.project(record)) {
        advance(this.#head, { topic, partition, next });
        const id = encodeStreamId({ position: this.#head, atMs });
        const entry = { seq: this.#seq, topic, partition, next, atMs, id, message };
        this.#seq += 1;
        this.#ring.push(entry);
        this.#selections.offer(entry);
      }
      advance(this.#head, { topic, partition, next: valueAt(topic, record.offset + 1n) });
    }
    this.#planFlush();
  }

  // The partitions of one fetch are passed on one after the other: they share a write to each reader.
  #planFlush(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushPlanned = false;
    if (!this.#isClosed) this.#selections.flush();
  }
}

const startOf = (lowOffset: bigint, highOffset: bigint): bigint =>
  smaller(highOffset, lowOffset > highOffset - lookBackRecords ? lowOffset : highOffset - lookBackRecords);
