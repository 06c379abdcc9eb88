import type { OrderedJobKind } from '@tidings/contracts';
import type { CreatedMessages } from '@tidings/observability';
import type { BatchResult, Job, JobCounts, JobKindName } from './domain/job.ts';

/** A kind of jobs that this service carries out, batch by batch. */
export type RunKind<Spec = unknown, Checkpoint = unknown> = Readonly<{
  kind: Exclude<JobKindName, OrderedJobKind>;
  carriedOutBy: 'history';
  /** Returns false while jobs of this kind cannot run yet. Default: they can. Call `wake` once it becomes true. */
  isReady?(): boolean;
  /** Returns the `request` of a job as the API shows it. */
  requestView(spec: Spec): object;
  /**
   * Carries out the batch at the checkpoint. A crash repeats it, so its effects must be idempotent or bounded by the
   * size of a batch. `signal` aborts when the run has lost its claim: another run may carry out the same batch then.
   * `messages`: those that it sends to the deliveries, for their spans.
   */
  runBatch(
    job: Job<Spec, Checkpoint>,
    signal: AbortSignal,
    messages?: CreatedMessages,
  ): Promise<BatchResult<Checkpoint>>;
  /** Returns why a job that has not ended can be neither paused nor cancelled any more; null if it can. Default: it can. */
  refuseChange?(job: Job<Spec, Checkpoint>): string | null;
  /**
   * Called with the job as it ends, before that is stored: gives back what the job has claimed. May be repeated.
   */
  release?(job: Job<Spec, Checkpoint>): Promise<void>;
  /** Counts the units that are left, where the total of a job is not known beforehand. */
  countLeft?(job: Job<Spec, Checkpoint>): Promise<number>;
}>;

/**
 * A kind of jobs that another service carries out: this service publishes their orders to the jobs topic, again at each
 * change, and projects the progress records of the worker.
 */
export type OrderedKind<Spec = unknown> = Readonly<{
  kind: OrderedJobKind;
  carriedOutBy: 'worker';
  isReady?(): boolean;
  requestView(spec: Spec): object;
  /** Counts what became of what the worker has sent, beside the counts of its progress. */
  countOutcomes?(job: Job<Spec>): Promise<JobCounts>;
}>;

/** A kind of jobs. */
export type JobKind = RunKind | OrderedKind;

/** The kinds that this process knows. A job of any other kind waits for a process that knows it. */
export class JobKinds {
  readonly #kinds = new Map<JobKindName, JobKind>();

  /** Adds a kind. Its jobs can run from the next poll on. */
  register(kind: JobKind): void {
    if (this.#kinds.has(kind.kind)) throw new Error(`the job kind '${kind.kind}' is registered twice`);
    this.#kinds.set(kind.kind, kind);
  }

  get(name: JobKindName): JobKind | undefined {
    return this.#kinds.get(name);
  }

  /** Returns the kinds whose jobs can run now. */
  ready(): readonly JobKindName[] {
    return [...this.#kinds.values()].filter((kind) => kind.isReady?.() !== false).map(({ kind }) => kind);
  }
}
