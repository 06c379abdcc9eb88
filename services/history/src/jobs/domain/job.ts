import type { ConsumerId, JobState, WorkspaceId } from '@tidings/contracts';

/** The kinds of jobs. */
export const jobKinds = [
  ...(['redrive', 'discard', 'retry', 'replay', 'export', 'erasure'] as const),
  ...(['run_retry', 'run_cancel'] as const),
] as const;
/** See {@link jobKinds}. */
export type JobKindName = (typeof jobKinds)[number];

/** Numbers by name, such as `redriven` or `skipped`. Each kind has its own names. */
export type JobCounts = Readonly<Record<string, number>>;

/** The recent speed of a job: units a second until `atMs`; null before the second measurement. */
export type Pace = Readonly<{ atMs: number; perSecond: number | null }>;

/**
 * A stored job. Any run can continue it: `claim` names the run that processes it, and a run that has not renewed its
 * claim by `claimedUntilMs` is considered dead.
 *
 *   queued ──claimed──▶ running ──end──▶ done        queued, running ──pause──▶ paused ──resume──▶ queued
 *   queued, running, paused ──cancel──▶ cancelled    running ──repeated failures──▶ failed
 */
export type Job<Spec = unknown, Checkpoint = unknown> = Readonly<{
  id: string;
  kind: JobKindName;
  workspaceId: WorkspaceId;
  /** The consumer of the key that requested the job; null: the whole workspace. */
  ownerId: ConsumerId | null;
  /** A key, or `enable` if enabling a subscription created the job. */
  requestedBy: string;
  /** Trace context of the request; absent without one. */
  traceparent?: string;
  /** The task, in the format of the kind. Never changes. */
  spec: Spec;
  /** Start of the next batch, in the format of the kind. */
  checkpoint: Checkpoint;
  state: JobState;
  /**
   * True while a run has something to do: batches, the release of a cancelled job, or the publication of an order. A
   * cancelled job stays due until its run has released what it claimed.
   */
  isDue: boolean;
  /** Grows by one at each pause, resume and cancellation: a run that has not seen the change cannot overwrite it. */
  revision: number;
  /** Units of work; null while unknown. */
  total: number | null;
  done: number;
  counts: JobCounts;
  /** Maximum number of units a second; null: unlimited. */
  ratePerSecond: number | null;
  pace: Pace | null;
  createdAtMs: number;
  startedAtMs: number | null;
  endedAtMs: number | null;
  /** Consecutive failures, and the text of the last one. */
  failures: number;
  error: string | null;
  claim: string;
  claimedUntilMs: number;
  /** Offset of the newest progress record that was applied; -1: none. */
  progressOffset: number;
}>;

/** The input of a new job; the other fields have initial values. */
export type NewJob<Spec = unknown, Checkpoint = unknown> = Pick<
  Job<Spec, Checkpoint>,
  'id' | 'kind' | 'workspaceId' | 'ownerId' | 'requestedBy' | 'spec' | 'checkpoint' | 'ratePerSecond'
> &
  Readonly<{ total?: number; traceparent?: string }>;

/** Returns a new job without progress, which any run can claim. */
export const newJob = <Spec, Checkpoint>(
  order: NewJob<Spec, Checkpoint>,
  nowMs: number,
): Job<Spec, Checkpoint> => ({
  total: null,
  ...order,
  state: 'queued',
  isDue: true,
  revision: 1,
  done: 0,
  counts: {},
  pace: null,
  createdAtMs: nowMs,
  startedAtMs: null,
  endedAtMs: null,
  failures: 0,
  error: null,
  claim: '',
  claimedUntilMs: 0,
  progressOffset: -1,
});

/** Returns true if the job has ended; one that was cancelled may still be releasing what it claimed. */
export const hasEnded = ({ state }: Pick<Job, 'state'>): boolean =>
  state === 'done' || state === 'cancelled' || state === 'failed';

/** The result of one batch. Counts, `done` and `sent` are those of this batch alone. */
export type BatchResult<Checkpoint = unknown> = Readonly<{
  checkpoint: Checkpoint;
  counts: JobCounts;
  /** Units that are done with. */
  done: number;
  /** Units that the rate of the job limits. */
  sent: number;
  /** The total, if this batch has determined it. */
  total?: number;
  /** True if nothing is left after this batch. */
  isAtEnd: boolean;
  /** Milliseconds until there may be more to do. Default 0. */
  waitMs?: number;
}>;

const paceWindowMs = 20_000;

/** Returns the pace after `units` more were done. Recent units count most: the weight of the past halves in about 14 s. */
export const paceAfter = (pace: Pace | null, units: number, nowMs: number): Pace => {
  const tookMs = nowMs - (pace?.atMs ?? nowMs);
  // The first measurement is only the start of the next one, and units of the same millisecond share one.
  if (pace === null || tookMs <= 0) return { atMs: nowMs, perSecond: pace?.perSecond ?? null };
  const now = (units * 1_000) / tookMs;
  const weight = 1 - Math.exp(-tookMs / paceWindowMs);
  const perSecond = pace.perSecond === null ? now : pace.perSecond + weight * (now - pace.perSecond);
  return { atMs: nowMs, perSecond };
};

const sum = (a: JobCounts, b: JobCounts): JobCounts => {
  const counts: Record<string, number> = { ...a };
  for (const [name, count] of Object.entries(b)) counts[name] = (counts[name] ?? 0) + count;
  return counts;
};

/** Returns the job after a batch. */
export const advanced = (job: Job, { checkpoint, counts, done, total }: BatchResult, nowMs: number): Job => ({
  ...job,
  checkpoint,
  counts: sum(job.counts, counts),
  done: job.done + done,
  total: total ?? job.total,
  pace: paceAfter(job.pace, done, nowMs),
  failures: 0,
  error: null,
});

/** Returns the minimum duration of a batch that sent this many. */
export const batchMs = ({ ratePerSecond }: Pick<Job, 'ratePerSecond'>, sent: number): number =>
  ratePerSecond === null ? 0 : (sent * 1_000) / ratePerSecond;

const batchesPerSecond = 5;

/** Returns the number of units of a batch: about five batches a second, and no more than `max` units in one. */
export const batchSize = ({ ratePerSecond }: Pick<Job, 'ratePerSecond'>, max: number): number =>
  ratePerSecond === null ? max : Math.max(1, Math.min(max, Math.ceil(ratePerSecond / batchesPerSecond)));

/** Returns the expected end in epoch milliseconds, from the recent pace; null if it cannot be estimated. */
export const etaMs = ({ state, done, pace }: Job, total: number | null, nowMs: number): number | null => {
  if (state !== 'running' || total === null || pace?.perSecond == null || pace.perSecond <= 0) return null;
  const leftMs = (Math.max(0, total - done) * 1_000) / pace.perSecond;
  return Math.max(nowMs, Math.round(pace.atMs + leftMs));
};
