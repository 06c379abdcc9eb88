import type { DeliveryRequested, DeliveryState } from '@tidings/contracts';
import type { ChainKey } from './finished-attempts.ts';
import type { Completable, QueueEntry } from './ordered-queues.ts';

/** Estimated size of a command's state in memory, which is counted with its body. */
export const stateBytes = 1_024;

/** A command in memory, from the time it was read until its follow-up is in the log. */
export type Job = Readonly<{
  command: DeliveryRequested;
  /** Key that copies of the command share. */
  key: string;
  chain: ChainKey;
  /** Partition of the deliveries topic that the command was read from. */
  partition: number;
  bytes: number;
  /** True for a replayed command: it is sent only while no other command of its subscription waits. */
  isBulk: boolean;
  /** Time when it was read, in monotonic milliseconds. */
  arrivedMs: number;
  /** The same on the clock that stops while this process is busy (`Clock.idleMs`). */
  arrivedIdleMs: number;
  /** Time when it was written to the log, in epoch milliseconds. */
  writtenAtMs: number;
  /** Its entry, if it is in an ordered queue. */
  entry: QueueEntry | null;
  /** The records that this job completes: its own, and those of copies that arrived since. */
  records: Completable[];
}> & {
  /** Trace context of its attempt, whose parent is that of the command; absent unless its spans are recorded. */
  traceparent?: string;
};

/** Returns the key of a {@link Job}. */
export const jobKeyOf = ({ deliveryId, chain, attempt }: DeliveryState): string =>
  `${deliveryId}.${chain}.${attempt}`;

/**
 * The jobs in memory by key. After a rebalance, records of commands in progress are read again; each copy is
 * then attached to the existing job instead of being sent a second time.
 */
export class InFlightJobs {
  // No Map: adr/0012.
  readonly #jobs: Record<string, Job> = Object.create(null) as Record<string, Job>;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /**
   * Attaches `record` to the job of the same command, if there is one; it is done together
   * with the job. Returns true if there is one.
   */
  attach(key: string, record: Completable): boolean {
    const job = this.#jobs[key];
    job?.records.push(record);
    return job !== undefined;
  }

  add(job: Job): void {
    if (this.#jobs[job.key] === undefined) this.#size += 1;
    this.#jobs[job.key] = job;
  }

  /** Removes the job without completing it. */
  drop(job: Job): void {
    if (this.#jobs[job.key] === job) this.dropKey(job.key);
  }

  /** Removes the job with this key, whichever object it is. */
  dropKey(key: string): void {
    if (this.#jobs[key] === undefined) return;
    delete this.#jobs[key];
    this.#size -= 1;
  }

  /** Completes the job's records. Call it when the job's follow-up is in the log. */
  complete(job: Job): void {
    this.drop(job);
    for (const record of job.records) record.done();
  }
}
