import {
  consumerGroups,
  DecodeError,
  decodeJobRecord,
  type JobProgressed,
  type JobRecord,
  jobPartition,
  topics,
} from '@tidings/contracts';
import type { Assignment, Bus, IncomingRecord, PartitionRunner } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { messageOf } from '@tidings/runtime';
import { type ReplayJob, ReplayJobs } from '../domain/replay-job.ts';

/** The consumer group whose members share the partitions of the jobs topic: the owner of one runs its jobs. */
export const replayGroup = consumerGroups.replays;

type Change = JobRecord | Readonly<{ type: 'removed'; jobId: string }>;

const decode = (record: IncomingRecord): Change => {
  if (record.value !== null) return decodeJobRecord(record);
  return { type: 'removed', jobId: record.key?.split('/')[0] ?? '' };
};

type Parts = Readonly<{
  bus: Pick<Bus, 'runPartitions' | 'readRange'>;
  /** Called with a job of this process after each change of its order. */
  onOrder: (job: ReplayJob) => void;
  /** Called when this process does not own a job any more. */
  onLost: (jobId: string) => void;
  logger: Logger;
}>;

/** The jobs of the partitions that this process owns, restored from the beginning of each at its assignment. */
export class JobConsumer {
  readonly #parts: Parts;
  readonly #partitions = new Map<number, ReplayJobs>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async run(): Promise<PartitionRunner> {
    return this.#parts.bus.runPartitions<Change>({
      group: replayGroup,
      topics: [topics.jobs],
      decode,
      onAssigned: async (assignment) => this.#restore(assignment),
      onRevoked: ({ partition }) => this.#lose(partition),
      onBatch: ({ partition, items }) => {
        const jobs = this.#partitions.get(partition);
        if (jobs === undefined) throw new Error(`partition ${partition} of the jobs has not been restored`);
        for (const item of items) {
          this.#apply(jobs, item.message);
          item.done();
        }
        for (const jobId of new Set(items.map(({ message }) => message.jobId))) this.#announce(jobs, jobId);
      },
    });
  }

  /** Returns the newest state of a job; undefined if another process owns it. */
  find(jobId: string): ReplayJob | undefined {
    return this.#partitions.get(jobPartition(jobId))?.get(jobId);
  }

  /** Applies the progress that this process has written, before it is read back. */
  noted(progress: JobProgressed): void {
    this.#partitions.get(jobPartition(progress.jobId))?.apply(progress);
  }

  async #restore({ partition, lowOffset, committedOffset }: Assignment): Promise<void> {
    const jobs = new ReplayJobs();
    const { bus, logger } = this.#parts;
    if (committedOffset > lowOffset) {
      await bus.readRange({
        topic: topics.jobs,
        partitions: [partition],
        from: { offsets: new Map([[partition, lowOffset]]) },
        until: new Map([[partition, committedOffset]]),
        onRecord: (record) => {
          try {
            this.#apply(jobs, decode(record));
          } catch (error) {
            // It was dead-lettered when it was first read.
            if (!(error instanceof DecodeError)) throw error;
            logger.debug({ partition, detail: messageOf(error) }, 'job.record-skipped');
          }
        },
        service: 'fanout',
      });
    }
    this.#partitions.set(partition, jobs);
    for (const job of jobs.open()) this.#parts.onOrder(job);
  }

  #lose(partition: number): void {
    const jobs = this.#partitions.get(partition);
    this.#partitions.delete(partition);
    for (const { order } of jobs?.open() ?? []) this.#parts.onLost(order.jobId);
  }

  #apply(jobs: ReplayJobs, change: Change): void {
    if (change.type === 'removed') jobs.remove(change.jobId);
    else jobs.apply(change);
  }

  #announce(jobs: ReplayJobs, jobId: string): void {
    const job = jobs.get(jobId);
    if (job !== undefined) this.#parts.onOrder(job);
  }
}
