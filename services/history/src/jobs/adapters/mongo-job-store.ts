import type { JobState } from '@tidings/contracts';
import { insertNew, type OperationHistogram, type TimedOperation, timedOperations } from '@tidings/mongodb';
import type { Connection, Model } from 'mongoose';
import { workspacesOf } from '../../adapters/purge-by-workspace.ts';
import type { TenantScope } from '../../domain/tenant-scope.ts';
import type { Job, JobKindName } from '../domain/job.ts';
import type { JobChange } from '../domain/job-change.ts';
import type { JobCount, JobFilters, JobPosition, JobStore } from '../ports.ts';
import { fromDocument, type JobDocument, jobSchema, toDocument } from './job-document.ts';

type Conditions = Record<string, unknown>;

const openStates: readonly JobState[] = ['queued', 'running', 'paused'];

const withinScope = ({ workspaceId: workspace, ownerId }: TenantScope): Conditions => ({
  workspace_id: workspace,
  ...(ownerId === null ? {} : { owner_id: ownerId }),
});

const matching = ({ kind, state, ...scope }: JobFilters): Conditions => ({
  ...withinScope(scope),
  ...(kind === undefined ? {} : { kind }),
  ...(state === undefined ? {} : { state }),
});

const behind = ({ createdAtMs, id }: JobPosition): Conditions => ({
  $or: [{ created_at_ms: { $lt: createdAtMs } }, { created_at_ms: createdAtMs, _id: { $lt: id } }],
});

/** Jobs in MongoDB. Every write is compare-and-set, on the claim, the revision or both. */
export class MongoJobStore implements JobStore {
  readonly #jobs: Model<JobDocument>;
  readonly #timed: TimedOperation;

  constructor(connection: Connection, seconds: OperationHistogram) {
    this.#jobs = connection.model<JobDocument>('Job', jobSchema);
    this.#timed = timedOperations(seconds);
  }

  /** Creates the missing indexes. */
  async createIndexes(): Promise<void> {
    await this.#timed('create-indexes', async () => this.#jobs.createIndexes());
  }

  async insert(job: Job): Promise<boolean> {
    const taken = await this.#timed('insert-job', async () => insertNew(this.#jobs, [toDocument(job)]));
    return taken.size === 0;
  }

  async find(id: string, scope: TenantScope): Promise<Job | null> {
    return this.#findOne({ _id: id, ...withinScope(scope) });
  }

  async findAnywhere(id: string): Promise<Job | null> {
    return this.#findOne({ _id: id });
  }

  async list(
    filters: JobFilters,
    { limit, after }: Readonly<{ limit: number; after: JobPosition | null }>,
  ): Promise<readonly Job[]> {
    const documents = await this.#timed('list-jobs', async () =>
      this.#jobs
        .find({ ...matching(filters), ...(after === null ? {} : behind(after)) })
        .sort({ created_at_ms: -1, _id: -1 })
        .limit(limit)
        .lean<JobDocument[]>(),
    );
    return documents.map(fromDocument);
  }

  async known(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const documents = await this.#timed('known-jobs', async () =>
      this.#jobs.find({ _id: { $in: [...ids] } }, { _id: 1 }).lean<{ _id: string }[]>(),
    );
    return new Set(documents.map(({ _id }) => _id));
  }

  async listDue(kinds: readonly JobKindName[], nowMs: number, limit: number): Promise<readonly Job[]> {
    const documents = await this.#timed('list-due-jobs', async () =>
      this.#jobs
        .find({ is_due: true, claimed_until_ms: { $lt: nowMs }, kind: { $in: [...kinds] } })
        .sort({ claimed_until_ms: 1 })
        .limit(limit)
        .lean<JobDocument[]>(),
    );
    return documents.map(fromDocument);
  }

  async claim(
    { id, claim, revision }: Job,
    claimed: Pick<Job, 'claim' | 'claimedUntilMs' | 'state' | 'startedAtMs'>,
  ): Promise<boolean> {
    return this.#set(
      { _id: id, claim, revision, is_due: true },
      {
        claim: claimed.claim,
        claimed_until_ms: claimed.claimedUntilMs,
        state: claimed.state,
        started_at_ms: claimed.startedAtMs,
      },
    );
  }

  async renew({ id, claim }: Pick<Job, 'id' | 'claim'>, claimedUntilMs: number): Promise<boolean> {
    return this.#set({ _id: id, claim }, { claimed_until_ms: claimedUntilMs });
  }

  async save(job: Job): Promise<boolean> {
    const { _id, claim, revision, ...fields } = toDocument(job);
    return this.#set({ _id, claim, revision }, fields);
  }

  async handedOver({ id, claim, revision }: Pick<Job, 'id' | 'claim' | 'revision'>): Promise<boolean> {
    return this.#set({ _id: id, claim, revision }, { is_due: false, claimed_until_ms: 0 });
  }

  async change(
    { id, revision, state }: Pick<Job, 'id' | 'revision' | 'state'>,
    change: JobChange,
  ): Promise<boolean> {
    return this.#set(
      { _id: id, revision, state },
      {
        state: change.state,
        is_due: change.isDue,
        ended_at_ms: change.endedAtMs,
        revision: revision + 1,
      },
    );
  }

  async saveProgress(
    { id, revision, progressOffset }: Pick<Job, 'id' | 'revision' | 'progressOffset'>,
    next: Job,
  ): Promise<boolean> {
    const document = toDocument(next);
    return this.#set(
      { _id: id, revision, progress_offset: progressOffset },
      {
        state: document.state,
        checkpoint_json: document.checkpoint_json,
        total: document.total,
        done: document.done,
        counts: document.counts,
        pace: document.pace,
        started_at_ms: document.started_at_ms,
        ended_at_ms: document.ended_at_ms,
        error: document.error,
        progress_offset: document.progress_offset,
      },
    );
  }

  async countOpen(): Promise<readonly JobCount[]> {
    const groups = await this.#timed('count-jobs', async () =>
      this.#jobs.aggregate<{ _id: Pick<JobCount, 'kind' | 'state'>; count: number }>([
        { $match: { state: { $in: openStates } } },
        { $group: { _id: { kind: '$kind', state: '$state' }, count: { $sum: 1 } } },
      ]),
    );
    return groups.map(({ _id, count }) => ({ ..._id, count }));
  }

  async workspaces(): Promise<readonly (string | null)[]> {
    return this.#timed('workspaces-of-jobs', async () => workspacesOf(this.#jobs));
  }

  async listEnded(
    workspaceId: string | null,
    endedBeforeMs: number,
    limit: number,
  ): Promise<readonly Pick<Job, 'id' | 'kind'>[]> {
    const ended = { workspace_id: workspaceId, is_due: false, ended_at_ms: { $lt: endedBeforeMs } };
    const found = await this.#timed('list-ended-jobs', async () =>
      this.#jobs
        .find(ended as never, { _id: 1, kind: 1 })
        .limit(limit)
        .lean<Pick<JobDocument, '_id' | 'kind'>[]>(),
    );
    return found.map(({ _id, kind }) => ({ id: _id, kind }));
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.#timed('remove-jobs', async () => this.#jobs.deleteMany({ _id: { $in: [...ids] } }));
  }

  async #findOne(conditions: Conditions): Promise<Job | null> {
    const document = await this.#timed('find-job', async () =>
      this.#jobs.findOne(conditions).lean<JobDocument>(),
    );
    return document === null ? null : fromDocument(document);
  }

  async #set(conditions: Conditions, fields: Partial<JobDocument>): Promise<boolean> {
    const { matchedCount } = await this.#timed('write-job', async () =>
      this.#jobs.updateOne(conditions, { $set: fields }),
    );
    return matchedCount === 1;
  }
}
