import type { IncomingRecord } from '../bus.ts';
import type { AppendedRecords } from '../hand-over/hand-over.ts';
import type { PartitionSource } from './partition-source.ts';
import type { PartitionWorker } from './partition-worker.ts';

/**
 * The outcome of a hand-over: the records were passed on (`next`), are the last ones that a fetch brought (`last`), are older
 * (`seen`), or are left to the fetches because of records before them (`gap`) or of a partition that takes none at present
 * (`refused`). They are in the place of others that were handed over (`replaced`) if the log has lost those.
 */
export type HandOverResult = 'next' | 'last' | 'seen' | 'gap' | 'refused' | 'replaced';

/** The records on their way to the workers of partitions: fetched or handed over, paused and resumed. */
export class PartitionFlow<T> {
  readonly #source: PartitionSource;
  #isClosing = false;

  constructor(source: PartitionSource) {
    this.#source = source;
  }

  /** True while no partition takes records any more. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Stops all records. */
  close(workers: Iterable<PartitionWorker<T>>): void {
    this.#isClosing = true;
    for (const worker of workers) this.pause(worker);
  }

  /** Passes fetched records on. */
  fetched(worker: PartitionWorker<T>, records: Iterable<IncomingRecord>, endOffset: number): void {
    worker.fetchedTo = Math.max(worker.fetchedTo, endOffset);
    this.#pass(worker, records, endOffset);
  }

  /** Passes records on that this process has appended, if they are the next of their partition. */
  handOver(worker: PartitionWorker<T>, { baseOffset, endOffset, records }: AppendedRecords): HandOverResult {
    if (!this.#takesRecords(worker)) return 'refused';
    // No fetch has brought this offset, so another record was handed over with it.
    if (baseOffset >= worker.fetchedTo && baseOffset < worker.position) return 'replaced';
    if (endOffset <= worker.position) return endOffset === worker.position ? 'last' : 'seen';
    if (baseOffset > worker.position) return 'gap';
    this.#pass(worker, records(), endOffset);
    return 'next';
  }

  /** Stops the fetches of a partition whose records are handed over. */
  stopFetching(worker: PartitionWorker<T>): void {
    if (!this.#takesRecords(worker) || worker.isHandedOver) return;
    worker.isHandedOver = true;
    this.#source.pause(worker.ref);
  }

  /** Continues the fetches of a partition, behind what was handed over. */
  fetchAgain(worker: PartitionWorker<T>): void {
    if (worker.isHandedOver && this.#takesRecords(worker)) this.resume(worker);
  }

  /** Stops the records of a partition, however they come. */
  pause(worker: PartitionWorker<T>): void {
    worker.isPaused = true;
    this.#source.pause(worker.ref);
  }

  /** Lets a partition take records, by fetches from its position on. */
  resume(worker: PartitionWorker<T>): void {
    if (this.#isClosing) return;
    worker.isPaused = false;
    worker.isHandedOver = false;
    if (worker.fetchedTo < worker.position) this.seek(worker);
    this.#source.resume(worker.ref);
  }

  /** Starts the next fetch of a partition at its position. */
  seek(worker: PartitionWorker<T>): void {
    worker.fetchedTo = worker.position;
    this.#source.seek(worker.ref, worker.position);
  }

  #takesRecords({ isOpen, isPaused }: PartitionWorker<T>): boolean {
    return isOpen && !isPaused && !this.#isClosing;
  }

  #pass(worker: PartitionWorker<T>, records: Iterable<IncomingRecord>, endOffset: number): void {
    worker.deliver(records, endOffset);
    if (worker.isOpen && worker.isFull && !worker.isPaused) this.pause(worker);
  }
}
