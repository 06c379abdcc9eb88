import type { StreamEntry } from './domain/message-ring.ts';
import { encodeStreamId } from './domain/stream-id.ts';
import {
  advance,
  advanceTo,
  at,
  copyOf,
  isBehindOrAt,
  type StreamPlace,
  type StreamPosition,
} from './domain/stream-position.ts';
import type { LiveFeed } from './live-feed.ts';
import { type EndReason, type Frame, FrameBatch, type Sink } from './ports.ts';
import { frameOf, includes, type Selection, type SelectionReader } from './selections.ts';

/** Bytes that a reader may have unsent before it is dropped. */
const maxUnsentBytes = 1024 * 1024;
/** Pause between the messages of a stream after which it sends a heartbeat. */
export const heartbeatMs = 15_000;

// While a reader catches up, the server waits for it instead of dropping it.
const catchUpUnsentBytes = 256 * 1024;
const catchUpDrainMs = 30_000;

/** Facts about one reader that the server judges, beside its selection. */
export type ReaderParts = Readonly<{
  selection: Selection;
  sink: Sink;
  feed: LiveFeed;
  nowMs: () => number;
  onEnded: (reason: EndReason) => void;
}>;

/**
 * One open stream: catching up → live, any → closed. While it catches up it reads at the speed of its connection; live,
 * it is dropped once too much is unsent.
 */
export class StreamReader implements SelectionReader {
  readonly selection: Selection;
  readonly #parts: ReaderParts;
  /** Its own position, until that of the process has passed it; then null. */
  #own: StreamPosition | null;
  #lastSentMs: number;
  #isLive = false;

  constructor(parts: ReaderParts, position: StreamPosition) {
    this.#parts = parts;
    this.selection = parts.selection;
    this.#own = copyOf(position);
    this.#lastSentMs = parts.nowMs();
  }

  get isClosed(): boolean {
    return this.#parts.sink.isClosed();
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  /** The position behind the last message that it received. */
  get position(): StreamPosition {
    return this.#own ?? this.#parts.feed.head;
  }

  /** Moves a reader that has missed messages to another position. */
  jumpTo(position: StreamPosition): void {
    this.#own = copyOf(position);
  }

  /** Sends a frame about the stream itself, at its position. */
  announce(event: string, data: object): void {
    const id = encodeStreamId({ position: this.position, atMs: this.#parts.nowMs() });
    this.#send(new FrameBatch([{ event, id, json: JSON.stringify(data) }]));
  }

  /** Sends messages with ids of its own position, and waits for a slow connection. */
  async sendPast(messages: readonly (StreamPlace & Pick<StreamEntry, 'message'>)[]): Promise<void> {
    const batch = this.#ownFrames(messages);
    if (batch.size === 0) return;
    this.#send(batch);
    const { sink } = this.#parts;
    if (sink.unsentBytes() <= catchUpUnsentBytes) return;
    await sink.drained(catchUpDrainMs);
    if (!sink.isClosed() && sink.unsentBytes() > catchUpUnsentBytes) this.end('slow-reader');
  }

  /** Makes it live: what the process has read is behind it. */
  goLive(): void {
    // The feed would keep it: that its connection was closed is told only once.
    if (this.isClosed) return;
    this.#isLive = true;
    const { feed } = this.#parts;
    const own = this.#own;
    if (own !== null) advanceTo(own, feed.head);
    this.#joinFeed();
    feed.add(this.selection, this);
  }

  /** Takes messages of the feed. */
  deliver(entries: readonly StreamEntry[], shared: FrameBatch): void {
    const { sink } = this.#parts;
    if (sink.isClosed()) return;
    const batch = this.#own === null ? shared : this.#ownFrames(entries);
    if (batch.size > 0) this.#send(batch);
    this.#joinFeed();
    if (sink.unsentBytes() > maxUnsentBytes) this.end('slow-reader');
  }

  /** Sends a heartbeat if nothing was sent for so long; drops a reader that does not read even those. */
  tick(nowMs: number): void {
    const { sink } = this.#parts;
    if (sink.unsentBytes() > maxUnsentBytes) this.end('slow-reader');
    else if (nowMs - this.#lastSentMs >= heartbeatMs) {
      this.announce('heartbeat', { kind: 'heartbeat', at: new Date(nowMs).toISOString() });
    }
  }

  end(reason: EndReason): void {
    if (this.#parts.sink.isClosed()) return;
    this.#parts.onEnded(reason);
    this.#parts.sink.end(reason);
  }

  #ownFrames(messages: readonly (StreamPlace & Pick<StreamEntry, 'message'>)[]): FrameBatch {
    const own = this.#own ?? copyOf(this.#parts.feed.head);
    const atMs = this.#parts.nowMs();
    const frames: Frame[] = [];
    for (const place of messages) {
      if (place.next <= at(own, place.topic, place.partition)) continue;
      advance(own, place);
      if (!includes(this.selection, place)) continue;
      const { message } = place;
      frames.push(frameOf({ ...place, seq: 0, atMs, id: encodeStreamId({ position: own, atMs }), message }));
    }
    return new FrameBatch(frames);
  }

  // From here on its messages are those of every reader of its selection.
  #joinFeed(): void {
    if (this.#own !== null && isBehindOrAt(this.#own, this.#parts.feed.head)) this.#own = null;
  }

  #send(batch: FrameBatch): void {
    this.#lastSentMs = this.#parts.nowMs();
    this.#parts.sink.send(batch);
  }
}
