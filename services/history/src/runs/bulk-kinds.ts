import type { RunId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { type BatchResult, batchSize, type Job, type JobCounts } from '../jobs/domain/job.ts';
import type { RunKind } from '../jobs/job-kind.ts';
import type { StoredRun } from './domain/run.ts';
import type { CommandRun, RunFilters, RunOrder, RunPosition, RunStore } from './ports.ts';

/** The task of a job that retries or cancels many runs. `request`: the request as the caller gave it. */
export type BulkRunSpec = Readonly<{ filters: RunFilters; request: object; reason: string | null }>;

/**
 * The checkpoint: the runs of the next batch, each with the sequence of the state that was found, and the position behind
 * them. They are stored before the first of them is ordered: a batch that a crash interrupts gives the same orders again,
 * which change nothing, also if one of its runs has failed once more meanwhile.
 */
export type BulkRunCheckpoint = Readonly<{
  planned: readonly (readonly [id: RunId, sequence: number])[];
  after: RunPosition | null;
}>;

/** A job that retries or cancels many runs. */
export type BulkRunJob = Job<BulkRunSpec, BulkRunCheckpoint>;

/** The checkpoint of a new job. */
export const firstCheckpoint: BulkRunCheckpoint = { planned: [], after: null };

/** The dependencies of the kinds. */
export type BulkRunParts = Readonly<{
  runs: Pick<RunStore, 'find' | 'list'>;
  command: CommandRun;
  /** Rejects with AppError `unavailable` if the brokers do not respond. */
  pingBrokers: () => Promise<void>;
}>;

type Order = Readonly<{ run: Pick<StoredRun, 'runId' | 'app' | 'event'>; order: RunOrder }>;

/** The decision about a run that was found: an order, or the name under which it is counted. */
type Decision = Readonly<{ order: RunOrder }> | 'skipped' | 'refused';

/** The differences between the kinds. `counted`: the name under which runs are counted that got an order. */
type BulkRunAction = Readonly<{
  kind: 'run_retry' | 'run_cancel';
  counted: 'retried' | 'cancelled';
  decide(run: StoredRun, planned: Readonly<{ sequence: number; job: BulkRunJob }>): Decision;
}>;

const retry: BulkRunAction = {
  kind: 'run_retry',
  counted: 'retried',
  decide: (run, { sequence, job }) => {
    if (run.status !== 'failed' || run.sequence !== sequence) return 'skipped';
    // The results of its steps are gone.
    if (run.failure?.reason === 'state-too-large') return 'refused';
    return { order: { kind: 'retry', sequence, by: job.requestedBy } };
  },
};

const cancel: BulkRunAction = {
  kind: 'run_cancel',
  counted: 'cancelled',
  decide: ({ status }, { job }) => {
    if (status !== 'running' && status !== 'waiting') return 'skipped';
    return { order: { kind: 'cancel', by: job.requestedBy, reason: job.spec.reason } };
  },
};

// A batch is one send, and its plan is in the document of the job.
const maxBatch = 100;

/**
 * Gives orders. Returns the number of those that the topic of their application has not acknowledged although the brokers
 * respond: one application that is not there any more must not hold the runs of the others. Rejects with AppError
 * `unavailable` if the brokers do not respond.
 */
const give = async ({ command, pingBrokers }: BulkRunParts, orders: readonly Order[]): Promise<number> => {
  const given = await Promise.all(
    orders.map(async ({ run, order }): Promise<boolean> => {
      try {
        await command(run, order);
        return true;
      } catch (error) {
        if (error instanceof AppError && error.code === 'unavailable') return false;
        throw error;
      }
    }),
  );
  const unacknowledged = given.filter((isGiven) => !isGiven).length;
  if (unacknowledged > 0) await pingBrokers();
  return unacknowledged;
};

/** Gives the orders of the batch that the checkpoint has planned, and returns what became of its runs. */
const carryOut = async (
  parts: BulkRunParts,
  { decide, counted }: BulkRunAction,
  { job, signal }: Readonly<{ job: BulkRunJob; signal: AbortSignal }>,
): Promise<JobCounts> => {
  const counts = { [counted]: 0, skipped: 0, refused: 0, unavailable: 0 };
  const orders: Order[] = [];
  for (const [id, sequence] of job.checkpoint.planned) {
    // One by one: a state may be as large as a record.
    const run = await parts.runs.find(id, job.workspaceId);
    // Null: one whose retention has ended in between.
    const decision = run === null ? 'skipped' : decide(run, { sequence, job });
    if (typeof decision === 'string') counts[decision] += 1;
    else if (run !== null) orders.push({ run: orderedPart(run), order: decision.order });
  }
  signal.throwIfAborted();
  counts.unavailable = await give(parts, orders);
  counts[counted] = orders.length - counts.unavailable;
  return counts;
};

const orderedPart = ({ runId, app, event }: StoredRun): Order['run'] => ({ runId, app, event });

const kindOf = (parts: BulkRunParts, action: BulkRunAction): RunKind<BulkRunSpec, BulkRunCheckpoint> => ({
  kind: action.kind,
  carriedOutBy: 'history',
  requestView: ({ request }) => request,
  runBatch: async (job, signal): Promise<BatchResult<BulkRunCheckpoint>> => {
    const { planned, after } = job.checkpoint;
    const counts = await carryOut(parts, action, { job, signal });
    const page = { limit: batchSize(job, maxBatch), after, isOldestFirst: true };
    const next = await parts.runs.list(job.spec.filters, page);
    const last = next.at(-1);
    const isAtEnd = last === undefined;
    return {
      checkpoint: {
        planned: next.map(({ runId, sequence }) => [runId, sequence] as const),
        after: isAtEnd ? after : { startedAtMs: last.startedAtMs, id: last.runId },
      },
      counts,
      done: planned.length,
      sent: planned.length,
      // Some may have stopped matching since they were counted.
      ...(isAtEnd && { total: job.done + planned.length }),
      isAtEnd,
    };
  },
});

/**
 * Returns the kinds of jobs over many runs, retry and cancellation: oldest first, so that the runs of one ordering key are
 * ordered as their events were.
 */
export const bulkRunKinds = (parts: BulkRunParts): readonly RunKind<BulkRunSpec, BulkRunCheckpoint>[] => [
  kindOf(parts, retry),
  kindOf(parts, cancel),
];
