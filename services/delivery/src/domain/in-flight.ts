import type { DeliveryRequested, DeliveryState } from '@tidings/contracts';
import type { ChainKey } from './finished-attempts.ts';
import type { Completable, QueueEntry } from './ordered-queue.ts';

/** A command in memory, from the moment it was read until what follows it is in the log. */
export type Job = Readonly<{
  command: DeliveryRequested;
  /** What two copies of the command have in common. */
  key: string;
  chain: ChainKey;
  /** The partition of the deliveries topic that it was read from. */
  partition: number;
  bytes: number;
  /** Monotonic milliseconds when it was read. */
  arrivedMs: number;
  /** The same on the clock that stands still while this process is busy (`Clock.idleMs`). */
  arrivedIdleMs: number;
  /** Epoch milliseconds when it was written to the log. */
  writtenAtMs: number;
  /** Its place, when it stands in a line. */
  entry: QueueEntry | null;
  /** The records that this job stands for: its own, and copies that came meanwhile. */
  records: Completable[];
}>;

/** See {@link Job}. */
export const jobKeyOf = ({ deliveryId, chain, attempt }: DeliveryState): string =>
  `${deliveryId}.${chain}.${attempt}`;

/**
 * The jobs in memory by key. A rebalance reads again what is still being worked on; the copy then waits for the job
 * that is there instead of being sent a second time.
 */
export class InFlightJobs {
  // No Map: adr/0012.
  readonly #jobs: Record<string, Job> = Object.create(null) as Record<string, Job>;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** True when the same command is being worked on: `record` is then done together with that job's own. */
  attach(key: string, record: Completable): boolean {
    const job = this.#jobs[key];
    job?.records.push(record);
    return job !== undefined;
  }

  add(job: Job): void {
    if (this.#jobs[job.key] === undefined) this.#size += 1;
    this.#jobs[job.key] = job;
  }

  /** Forgets the job without completing it. */
  drop(job: Job): void {
    if (this.#jobs[job.key] === job) this.dropKey(job.key);
  }

  /** The same by its name, whoever has it. */
  dropKey(key: string): void {
    if (this.#jobs[key] === undefined) return;
    delete this.#jobs[key];
    this.#size -= 1;
  }

  /** What follows the job is in the log: its records are done. */
  complete(job: Job): void {
    this.drop(job);
    for (const record of job.records) record.done();
  }
}
