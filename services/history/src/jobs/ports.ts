import type { JobState } from '@tidings/contracts';
import type { TenantScope } from '../domain/tenant-scope.ts';
import type { Job, JobKindName } from './domain/job.ts';
import type { JobChange } from './domain/job-change.ts';

/** The position of a job in a list. */
export type JobPosition = Readonly<{ createdAtMs: number; id: string }>;

/** Filters of a list of jobs. */
export type JobFilters = TenantScope & Readonly<{ kind?: JobKindName; state?: JobState }>;

/** The number of jobs of one kind and state. */
export type JobCount = Readonly<{ kind: JobKindName; state: JobState; count: number }>;

/**
 * Jobs in the read model. Writes of a run name its claim, so a run that was considered dead changes nothing, and the
 * revision, so no run overwrites a pause, a resume or a cancellation. All methods reject with AppError `unavailable` if
 * the store cannot be reached.
 */
export type JobStore = Readonly<{
  /** Inserts a job; returns false if its id exists. */
  insert(job: Job): Promise<boolean>;
  find(id: string, scope: TenantScope): Promise<Job | null>;
  /** Finds a job by id, regardless of its owner. */
  findAnywhere(id: string): Promise<Job | null>;
  /** Lists jobs, newest first. */
  list(
    filters: JobFilters,
    page: Readonly<{ limit: number; after: JobPosition | null }>,
  ): Promise<readonly Job[]>;
  /** Returns the existing ids among these. */
  known(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Lists due jobs of these kinds that no live run has claimed. */
  listDue(kinds: readonly JobKindName[], nowMs: number, limit: number): Promise<readonly Job[]>;
  /** Replaces the claim, and the state, of the job as it was read; returns false if it has changed since. */
  claim(job: Job, claimed: Pick<Job, 'claim' | 'claimedUntilMs' | 'state' | 'startedAtMs'>): Promise<boolean>;
  /** Extends the claim; returns false if another run has replaced it. */
  renew(job: Pick<Job, 'id' | 'claim'>, claimedUntilMs: number): Promise<boolean>;
  /** Saves all that a run changes; returns false if the claim is lost or the revision has changed. */
  save(job: Job): Promise<boolean>;
  /** Marks the order of this revision as published; returns false if the claim is lost or the revision has changed. */
  handedOver(job: Pick<Job, 'id' | 'claim' | 'revision'>): Promise<boolean>;
  /** Applies a caller's change to the job as it was read; returns false if it has changed since. */
  change(job: Pick<Job, 'id' | 'revision' | 'state'>, change: JobChange): Promise<boolean>;
  /** Replaces the progress of the job as it was read by that of `next`; returns false if it has changed since. */
  saveProgress(job: Pick<Job, 'id' | 'revision' | 'progressOffset'>, next: Job): Promise<boolean>;
  /** Counts the jobs of all workspaces that have not ended, for the metrics. */
  countOpen(): Promise<readonly JobCount[]>;
  /** Returns the workspaces that have jobs. */
  workspaces(): Promise<readonly (string | null)[]>;
  /** Lists up to `limit` jobs of a workspace that ended before that time and are not due. */
  listEnded(
    workspaceId: string | null,
    endedBeforeMs: number,
    limit: number,
  ): Promise<readonly Pick<Job, 'id' | 'kind'>[]>;
  remove(ids: readonly string[]): Promise<void>;
}>;

/** Writes orders of jobs to the log. Methods resolve when every in-sync replica has the records. */
export type JobOrders = Readonly<{
  publish(job: Job): Promise<void>;
  /** Writes the tombstones of a job: its order and its progress leave the topic. */
  retire(ids: readonly string[]): Promise<void>;
}>;
