import type { Bus } from '@tidings/kafka';
import type { Erased } from '../erasure/erasing-stores.ts';
import { advance, at, copyOf, isBehindOrAt, type StreamPosition } from './domain/stream-position.ts';
import { followedTopics, type LiveFeed } from './live-feed.ts';
import { topicIndexOf, valueAt } from './project-record.ts';
import { PastReader, recordsBetween } from './read-past.ts';
import type { StreamReader } from './stream-reader.ts';
import type { Turns } from './turns.ts';

/** Span of the log, in records of events and attempts of all workspaces, that a stream goes back at most. */
const maxPastRecords = 100_000;

export type CatchUpParts = Readonly<{
  feed: LiveFeed;
  bus: Pick<Bus, 'readRange' | 'ends'>;
  erasures: Erased;
  /** Limits how many readers read the log at once. */
  turns: Turns;
  onGap: () => void;
}>;

// So many messages are less than a reader may have unsent.
const sendBatch = 200;

/**
 * Sends what a reader has missed, from the ring and before that from the log, then makes it live. What is no longer
 * there, or more than {@link maxPastRecords} back, is announced as a gap.
 */
export async function catchUp(reader: StreamReader, parts: CatchUpParts): Promise<void> {
  const { feed } = parts;
  const past = await readLog(reader, parts);
  for (let seq = feed.ring.firstSeq; !reader.isClosed; ) {
    const entries = feed.ring.from(Number.isFinite(seq) ? seq : 0, sendBatch);
    const last = entries.at(-1);
    if (last === undefined) return reader.goLive();
    if (!isBehindOrAt(feed.ring.start, reader.position)) return catchUp(reader, parts);
    seq = last.seq + 1;
    await reader.sendPast(past === null ? entries : entries.filter(({ message }) => !past.hasSeen(message)));
  }
}

/** Reads the log until the ring has the rest. Returns the reader of the log; null if the ring had everything. */
async function readLog(reader: StreamReader, parts: CatchUpParts): Promise<PastReader | null> {
  const { feed, bus, erasures, turns } = parts;
  if (isBehindOrAt(feed.ring.start, reader.position)) return null;
  const past = new PastReader(bus, erasures);
  const isGranted = await turns.run(async () => {
    if (await isOutOfReach(reader, parts)) return skip(reader, parts);
    while (!reader.isClosed && !isBehindOrAt(feed.ring.start, reader.position)) {
      if (recordsBetween(reader.position, feed.ring.start) > maxPastRecords) return skip(reader, parts);
      const { messages, position } = await past.next(copyOf(reader.position), copyOf(feed.ring.start));
      for (let from = 0; from < messages.length && !reader.isClosed; from += sendBatch) {
        await reader.sendPast(messages.slice(from, from + sendBatch));
      }
      reader.jumpTo(position);
    }
  });
  if (!isGranted && !reader.isClosed) skip(reader, parts);
  return past;
}

/** Returns true if the log begins behind the position of the reader, or is too long from there. */
async function isOutOfReach(reader: StreamReader, { bus, feed }: CatchUpParts): Promise<boolean> {
  if (recordsBetween(reader.position, feed.ring.start) > maxPastRecords) return true;
  const ends = await bus.ends(followedTopics);
  return ends.some(({ topic, partition, lowOffset }) => {
    const index = topicIndexOf({ topic });
    return at(reader.position, index, partition) < valueAt(index, lowOffset);
  });
}

function skip(reader: StreamReader, { feed, onGap }: CatchUpParts): void {
  reader.jumpTo(feed.now());
  announceGap(reader, onGap);
}

/** Tells a reader that it has missed messages, and where to read them. */
export function announceGap(reader: StreamReader, onGap: () => void): void {
  onGap();
  reader.announce('gap', {
    kind: 'gap',
    reason:
      'Messages between the last id and this one are missing: they are no longer in reach of the stream.',
    deliveries: '/v1/webhooks/deliveries',
    events: '/v1/webhooks/events',
  });
}

/**
 * Returns the position of an id in the present log; null if it lies beyond the ends of the log, which was created again
 * since, or is another installation's.
 */
export async function checkedPosition(
  given: StreamPosition,
  { feed, bus }: Pick<CatchUpParts, 'feed' | 'bus'>,
): Promise<StreamPosition | null> {
  if (isBehindOrAt(given, feed.head)) return completed(given, feed.head);
  // Another instance may be ahead of this one.
  const ends: StreamPosition = [[], []];
  for (const { topic, partition, highOffset } of await bus.ends(followedTopics)) {
    const index = topicIndexOf({ topic });
    advance(ends, { topic: index, partition, next: valueAt(index, highOffset) });
  }
  return isBehindOrAt(given, ends) ? completed(given, ends) : null;
}

// Without partitions that do not exist, which hold nothing.
const completed = (given: StreamPosition, known: StreamPosition): StreamPosition => [
  known[0].map((_next, partition) => at(given, 0, partition)),
  known[1].map((_next, partition) => at(given, 1, partition)),
];
