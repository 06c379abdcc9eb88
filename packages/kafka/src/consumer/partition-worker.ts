import type { Completion, IncomingRecord, PartitionRef, RunPartitionsOptions, WorkItem } from '../bus.ts';
import { OffsetTracker } from './offset-tracker.ts';

/** The options of a consumer that apply to each partition alone. */
export type PartitionRun<T> = Pick<
  RunPartitionsOptions<T>,
  'decode' | 'onBatch' | 'maxPendingPerPartition' | 'maxPendingBytesPerPartition'
>;

/** Callbacks from a partition worker to its owner. */
export type PartitionWorkerHandlers<T> = Readonly<{
  /** Writes the record to dead-letters, then calls `done`. */
  onPoison(record: IncomingRecord, error: unknown, done: () => void): void;
  /** Called when the handler has failed: the worker must be replaced. */
  onFailure(worker: PartitionWorker<T>, error: unknown): void;
  /** Called when records were finished and a paused worker has room again. */
  onCapacity(worker: PartitionWorker<T>): void;
  /** Called when this worker has no pending records left. */
  onIdle(): void;
}>;

/**
 * `opening` (state is being restored, nothing fetched) → `open` → `closed` (lost, failed or shut down; final). A
 * partition that is assigned again gets a new worker, so completions of an old one have no effect.
 */
export type PartitionWorkerState = 'opening' | 'open' | 'closed';

// A few records not done may block this multiple of the limit in finished records behind them.
const spanFactor = 16;
// An asynchronous handler often takes as long for one record as for many, and records that are handed over come one by one.
const mostGathered = 500;

/** One partition for one period of ownership: from fetched records to offsets that may be committed. */
export class PartitionWorker<T> {
  readonly ref: PartitionRef;
  #state: PartitionWorkerState = 'opening';
  /** True while the worker takes no records: it is opening, full or closing. */
  isPaused = true;
  /** True while no fetch reads the partition because its records are handed over. */
  isHandedOver = false;
  /** The offset up to which fetches have read, or at which the next one begins. */
  fetchedTo = 0;
  /** The offset at which the worker starts at the latest, whatever was committed: the log has new records there. */
  latestStart = Infinity;
  /** Last known committed offset of the group. */
  committedOffset = 0;
  readonly #run: PartitionRun<T>;
  readonly #handlers: PartitionWorkerHandlers<T>;
  /** Limits at which the partition is paused: the number of records not done, or the bytes of their values. */
  readonly #limits: Readonly<{ records: number; bytes: number }>;
  #tracker = new OffsetTracker(0);
  #pendingBytes = 0;
  #inbox: WorkItem<T>[][] = [];
  #isPumping = false;

  constructor(ref: PartitionRef, run: PartitionRun<T>, handlers: PartitionWorkerHandlers<T>) {
    const { maxPendingPerPartition: records = 1_000, maxPendingBytesPerPartition: bytes = 8 * 1024 * 1024 } =
      run;
    this.ref = ref;
    this.#run = run;
    this.#limits = { records, bytes };
    this.#handlers = handlers;
  }

  get state(): PartitionWorkerState {
    return this.#state;
  }

  /** Next offset of this worker; everything below was passed on. */
  get position(): number {
    return this.#tracker.nextOffset;
  }

  get pending(): number {
    return this.#tracker.pending;
  }

  get committable(): number {
    return this.#tracker.committable;
  }

  /** Log time of the oldest record that is not done. */
  get oldestTimestampMs(): number | undefined {
    return this.#tracker.oldestTimestampMs;
  }

  /** True while no more records should be fetched. */
  get isFull(): boolean {
    const { records, bytes } = this.#limits;
    const tracker = this.#tracker;
    return tracker.pending >= records || this.#pendingBytes >= bytes || tracker.span >= records * spanFactor;
  }

  /** True at half of the limits or below, so that the worker does not alternate between paused and resumed. */
  get hasCapacity(): boolean {
    const { records, bytes } = this.#limits;
    const tracker = this.#tracker;
    return (
      tracker.pending * 2 <= records &&
      this.#pendingBytes * 2 <= bytes &&
      tracker.span * 2 <= records * spanFactor
    );
  }

  /** Starts (or, after the log lost records, restarts) at `offset`: before the first record or with none pending. */
  startAt(offset: number): void {
    this.#tracker.close();
    this.#tracker = new OffsetTracker(offset);
    this.committedOffset = offset;
    this.fetchedTo = offset;
    this.#pendingBytes = 0;
    this.#inbox = [];
  }

  /** Accepts fetched records, in offset order, up to (excluding) `endOffset`. Records seen before are skipped. */
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
        const message = this.#run.decode(record);
        items.push(new TrackedItem(record, message, new TrackedCompletion(this, { tracker, ticket, bytes })));
      } catch (error) {
        this.#handlers.onPoison(record, error, () => this.finish(tracker, ticket, bytes));
      }
    }
    this.#tracker.skipTo(endOffset);
    if (items.length === 0) return;
    this.#inbox.push(items);
    if (!this.#isPumping) void this.#pump();
  }

  /** Skips to `offset`: the log holds no records before it. */
  skipTo(offset: number): void {
    this.#tracker.skipTo(offset);
  }

  /** Marks a record finished. For items only. */
  finish(tracker: OffsetTracker, ticket: number, bytes: number): void {
    if (!tracker.done(ticket)) return;
    this.#pendingBytes -= bytes;
    if (this.isPaused && this.#state === 'open' && this.hasCapacity) this.#handlers.onCapacity(this);
    if (tracker.pending === 0) this.#handlers.onIdle();
  }

  /** True while records are accepted and finished. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Opens the worker once its state is restored: records are accepted. */
  open(): void {
    if (this.#state === 'opening') this.#state = 'open';
  }

  close(): void {
    this.#state = 'closed';
    this.#tracker.close();
    this.#inbox = [];
  }

  /** Removes and returns what arrived while the handler was busy, but at least the first batch of it. */
  #gather(): readonly WorkItem<T>[] | undefined {
    const items = this.#inbox.shift();
    while (items !== undefined) {
      const [next] = this.#inbox;
      if (next === undefined || items.length + next.length > mostGathered) break;
      items.push(...next);
      this.#inbox.shift();
    }
    return items;
  }

  // Handles one batch at a time, in order. A synchronous handler is called within the fetch, in the same turn.
  async #pump(): Promise<void> {
    this.#isPumping = true;
    try {
      for (let items = this.#gather(); items !== undefined; items = this.#gather()) {
        const returned = this.#run.onBatch({ ...this.ref, items });
        if (returned !== undefined) await returned;
      }
    } catch (error) {
      if (this.#state !== 'closed') this.#handlers.onFailure(this, error);
    } finally {
      this.#isPumping = false;
    }
  }
}

type Tracked = Readonly<{ tracker: OffsetTracker; ticket: number; bytes: number }>;

class TrackedCompletion implements Completion {
  readonly #worker: Pick<PartitionWorker<unknown>, 'finish'>;
  readonly #tracker: OffsetTracker;
  readonly #ticket: number;
  readonly #bytes: number;

  constructor(worker: Pick<PartitionWorker<unknown>, 'finish'>, { tracker, ticket, bytes }: Tracked) {
    this.#worker = worker;
    this.#tracker = tracker;
    this.#ticket = ticket;
    this.#bytes = bytes;
  }

  done(): void {
    this.#worker.finish(this.#tracker, this.#ticket, this.#bytes);
  }
}

class TrackedItem<T> implements WorkItem<T> {
  readonly record: IncomingRecord;
  readonly message: T;
  readonly completion: Completion;

  constructor(record: IncomingRecord, message: T, completion: Completion) {
    this.record = record;
    this.message = message;
    this.completion = completion;
  }

  done(): void {
    this.completion.done();
  }
}
