import type { IncomingRecord, PartitionRef, WorkBatch, WorkItem } from '../bus.ts';
import { OffsetTracker } from './offset-tracker.ts';

/** When a partition is held back: at this many records, or bytes of values, that are not done. */
export type PartitionLimits = Readonly<{ records: number; bytes: number }>;

/** What a lane needs from the set that owns it. */
export type PartitionWorkerHandlers<T> = Readonly<{
  decode(record: IncomingRecord): T;
  onBatch(batch: WorkBatch<T>): void | Promise<void>;
  /** Writes the record to dead-letters, then calls `done`. */
  onPoison(record: IncomingRecord, error: unknown, done: () => void): void;
  /** The handler failed: this lane is of no more use. */
  onFailure(worker: PartitionWorker<T>, error: unknown): void;
  /** Records were finished and a paused lane has room again. */
  onCapacity(worker: PartitionWorker<T>): void;
  /** Nothing is pending in this lane any more. */
  onIdle(): void;
}>;

/**
 * `opening` (state is being restored, nothing fetched) → `open` → `closed` (lost, failed or shut down; for good). A
 * partition that comes back gets a new lane, so what an old one still finishes counts for nothing.
 */
export type PartitionWorkerState = 'opening' | 'open' | 'closed';

// A few records that stay undone may hold back this many times the limit in records that are done behind them.
const spanFactor = 16;

/** One partition for one time of owning it: from fetched records to offsets that may be committed. */
export class PartitionWorker<T> {
  readonly ref: PartitionRef;
  #state: PartitionWorkerState = 'opening';
  isPaused = true;
  /** What the group has committed, as far as we know. */
  committedOffset = 0;
  readonly #handlers: PartitionWorkerHandlers<T>;
  readonly #limits: PartitionLimits;
  #tracker = new OffsetTracker(0);
  #pendingBytes = 0;
  #inbox: WorkItem<T>[][] = [];
  #isPumping = false;

  constructor(ref: PartitionRef, limits: PartitionLimits, handlers: PartitionWorkerHandlers<T>) {
    this.ref = ref;
    this.#limits = limits;
    this.#handlers = handlers;
  }

  get state(): PartitionWorkerState {
    return this.#state;
  }

  /** The next offset that this lane wants; everything below was handed on. */
  get position(): number {
    return this.#tracker.nextOffset;
  }

  get pending(): number {
    return this.#tracker.pending;
  }

  get committable(): number {
    return this.#tracker.committable;
  }

  /** Time in the log of the oldest record that is not done. */
  get oldestTimestampMs(): number | undefined {
    return this.#tracker.oldestTimestampMs;
  }

  /** No more should be fetched for now. */
  get isFull(): boolean {
    const { records, bytes } = this.#limits;
    const tracker = this.#tracker;
    return tracker.pending >= records || this.#pendingBytes >= bytes || tracker.span >= records * spanFactor;
  }

  /** Half of what makes it full, so that it does not flap. */
  get hasCapacity(): boolean {
    const { records, bytes } = this.#limits;
    const tracker = this.#tracker;
    return (
      tracker.pending * 2 <= records &&
      this.#pendingBytes * 2 <= bytes &&
      tracker.span * 2 <= records * spanFactor
    );
  }

  /** Starts (or, after the log lost records, restarts) at `offset`. Only before the first record or with none pending. */
  startAt(offset: number): void {
    this.#tracker.close();
    this.#tracker = new OffsetTracker(offset);
    this.committedOffset = offset;
    this.#pendingBytes = 0;
    this.#inbox = [];
  }

  /** Takes what was fetched, in offset order, up to (excluding) `endOffset`. Records that were seen are skipped. */
  deliver(records: Iterable<IncomingRecord>, endOffset: number): void {
    const items: WorkItem<T>[] = [];
    for (const record of records) {
      const offset = Number(record.offset);
      if (offset < this.#tracker.nextOffset) continue;
      const ticket = this.#tracker.add(offset, record.timestampMs);
      const bytes = record.value?.length ?? 0;
      this.#pendingBytes += bytes;
      const tracker = this.#tracker;
      try {
        items.push(new TrackedItem(record, this.#handlers.decode(record), { worker: this, tracker, ticket }));
      } catch (error) {
        this.#handlers.onPoison(record, error, () => this.finish(tracker, ticket, bytes));
      }
    }
    this.#tracker.skipTo(endOffset);
    if (items.length === 0) return;
    this.#inbox.push(items);
    if (!this.#isPumping) void this.#pump();
  }

  /** Offsets before `offset` hold nothing for us. */
  skipTo(offset: number): void {
    this.#tracker.skipTo(offset);
  }

  /** For items only. */
  finish(tracker: OffsetTracker, ticket: number, bytes: number): void {
    if (!tracker.done(ticket)) return;
    this.#pendingBytes -= bytes;
    if (this.isPaused && this.#state === 'open' && this.hasCapacity) this.#handlers.onCapacity(this);
    if (tracker.pending === 0) this.#handlers.onIdle();
  }

  /** Records may come and go. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** State is restored: records may come. */
  open(): void {
    if (this.#state === 'opening') this.#state = 'open';
  }

  close(): void {
    this.#state = 'closed';
    this.#tracker.close();
    this.#inbox = [];
  }

  // One batch at a time, in order. A handler that returns at once is called within the fetch, without a turn between.
  async #pump(): Promise<void> {
    this.#isPumping = true;
    try {
      for (let items = this.#inbox.shift(); items !== undefined; items = this.#inbox.shift()) {
        const returned = this.#handlers.onBatch({ ...this.ref, items });
        if (returned !== undefined) await returned;
      }
    } catch (error) {
      if (this.#state !== 'closed') this.#handlers.onFailure(this, error);
    } finally {
      this.#isPumping = false;
    }
  }
}

type TrackedPosition<T> = Readonly<{ worker: PartitionWorker<T>; tracker: OffsetTracker; ticket: number }>;

class TrackedItem<T> implements WorkItem<T> {
  readonly record: IncomingRecord;
  readonly message: T;
  readonly #position: TrackedPosition<T>;

  constructor(record: IncomingRecord, message: T, position: TrackedPosition<T>) {
    this.record = record;
    this.message = message;
    this.#position = position;
  }

  done(): void {
    const { worker, tracker, ticket } = this.#position;
    worker.finish(tracker, ticket, this.record.value?.length ?? 0);
  }
}
