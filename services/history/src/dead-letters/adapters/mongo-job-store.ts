import { consumerId, workspaceId } from '@tidings/contracts';
import {
  insertNew,
  type OperationHistogram,
  plainCollection,
  type TimedOperation,
  timedOperations,
} from '@tidings/mongodb';
import { type Connection, type Model, Schema } from 'mongoose';
import type { TenantScope } from '../../domain/tenant-scope.ts';
import type { DeadLetterFilters } from '../domain/dead-letter-filters.ts';
import type { DeadLetterJob, JobCounts, OffsetRange } from '../domain/dead-letter-job.ts';
import type { JobPosition, JobStore } from '../ports.ts';

/** A job in MongoDB. Times that are only compared are epoch milliseconds. */
type JobDocument = Readonly<{
  _id: string;
  action: DeadLetterJob['action'];
  workspace_id: string;
  owner_id: string | null;
  /** JSON text: no query uses it. */
  filters_json: string;
  by: string;
  reason: string | null;
  rate_per_second: number;
  state: DeadLetterJob['state'];
  is_open: boolean;
  stretches: readonly OffsetRange[];
  counts: JobCounts;
  created_at_ms: number;
  ended_at_ms: number | null;
  failures: number;
  error: string | null;
  claim: string;
  claimed_until_ms: number;
}>;

const schema = new Schema<JobDocument>(
  { _id: String },
  { ...plainCollection, collection: 'dead_letter_jobs' },
);
schema.index({ workspace_id: 1, created_at_ms: -1 });
schema.index({ is_open: 1, claimed_until_ms: 1 });

const toDocument = (job: DeadLetterJob): JobDocument => ({
  _id: job.id,
  action: job.action,
  workspace_id: job.workspaceId,
  owner_id: job.ownerId,
  filters_json: JSON.stringify(job.filters),
  by: job.by,
  reason: job.reason,
  rate_per_second: job.ratePerSecond,
  state: job.state,
  is_open: job.isOpen,
  stretches: job.ranges,
  counts: job.counts,
  created_at_ms: job.createdAtMs,
  ended_at_ms: job.endedAtMs,
  failures: job.failures,
  error: job.error,
  claim: job.claim,
  claimed_until_ms: job.claimedUntilMs,
});

const fromDocument = (document: JobDocument): DeadLetterJob => ({
  id: document._id,
  action: document.action,
  workspaceId: workspaceId(document.workspace_id),
  ownerId: document.owner_id === null ? null : consumerId(document.owner_id),
  filters: JSON.parse(document.filters_json) as DeadLetterFilters,
  by: document.by,
  reason: document.reason,
  ratePerSecond: document.rate_per_second,
  state: document.state,
  isOpen: document.is_open,
  ranges: document.stretches,
  counts: document.counts,
  createdAtMs: document.created_at_ms,
  endedAtMs: document.ended_at_ms,
  failures: document.failures,
  error: document.error,
  claim: document.claim,
  claimedUntilMs: document.claimed_until_ms,
});

const withinScope = ({ workspaceId: workspace, ownerId }: TenantScope): Record<string, unknown> => ({
  workspace_id: workspace,
  ...(ownerId === null ? {} : { owner_id: ownerId }),
});

const behind = ({ createdAtMs, id }: JobPosition): Record<string, unknown> => ({
  $or: [{ created_at_ms: { $lt: createdAtMs } }, { created_at_ms: createdAtMs, _id: { $lt: id } }],
});

/** Jobs in MongoDB. Every write is compare-and-set, on the claim or on the state. */
export class MongoJobStore implements JobStore {
  readonly #jobs: Model<JobDocument>;
  readonly #timed: TimedOperation;

  constructor(connection: Connection, seconds: OperationHistogram) {
    this.#jobs = connection.model<JobDocument>('DeadLetterJob', schema);
    this.#timed = timedOperations(seconds);
  }

  /** Creates the missing indexes. */
  async createIndexes(): Promise<void> {
    await this.#timed('create-indexes', async () => this.#jobs.createIndexes());
  }

  async insert(job: DeadLetterJob): Promise<boolean> {
    const taken = await this.#timed('insert-job', async () => insertNew(this.#jobs, [toDocument(job)]));
    return taken.size === 0;
  }

  async find(id: string, scope: TenantScope): Promise<DeadLetterJob | null> {
    return this.#findOne({ _id: id, ...withinScope(scope) });
  }

  async findAnywhere(id: string): Promise<DeadLetterJob | null> {
    return this.#findOne({ _id: id });
  }

  async list(
    scope: TenantScope,
    { limit, after }: Readonly<{ limit: number; after: JobPosition | null }>,
  ): Promise<readonly DeadLetterJob[]> {
    const documents = await this.#timed('list-jobs', async () =>
      this.#jobs
        .find({ ...withinScope(scope), ...(after === null ? {} : behind(after)) })
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

  async listDue(nowMs: number, limit: number): Promise<readonly DeadLetterJob[]> {
    const documents = await this.#timed('list-due-jobs', async () =>
      this.#jobs
        .find({ is_open: true, claimed_until_ms: { $lt: nowMs } })
        .sort({ claimed_until_ms: 1 })
        .limit(limit)
        .lean<JobDocument[]>(),
    );
    return documents.map(fromDocument);
  }

  async claim(
    job: DeadLetterJob,
    { claim, claimedUntilMs }: Pick<DeadLetterJob, 'claim' | 'claimedUntilMs'>,
  ): Promise<boolean> {
    return this.#set(
      { _id: job.id, claim: job.claim, is_open: true },
      { claim, claimed_until_ms: claimedUntilMs },
    );
  }

  async save(job: DeadLetterJob): Promise<boolean> {
    const { _id, ...fields } = toDocument(job);
    // A cancelled job stays cancelled while it releases its dead letters.
    const from = job.state === 'cancelled' ? 'cancelled' : 'running';
    return this.#set({ _id, claim: job.claim, state: from }, fields);
  }

  async cancel(id: string, endedAtMs: number): Promise<boolean> {
    return this.#set({ _id: id, state: 'running' }, { state: 'cancelled', ended_at_ms: endedAtMs });
  }

  async purge(endedBeforeMs: number, limit: number): Promise<number> {
    return this.#timed('purge-jobs', async () => {
      const found = await this.#jobs
        .find({ is_open: false, ended_at_ms: { $lt: endedBeforeMs } }, { _id: 1 })
        .limit(limit)
        .lean<{ _id: string }[]>();
      const { deletedCount } = await this.#jobs.deleteMany({ _id: { $in: found.map(({ _id }) => _id) } });
      return deletedCount;
    });
  }

  async #findOne(conditions: Record<string, unknown>): Promise<DeadLetterJob | null> {
    const document = await this.#timed('find-job', async () =>
      this.#jobs.findOne(conditions).lean<JobDocument>(),
    );
    return document === null ? null : fromDocument(document);
  }

  async #set(conditions: Record<string, unknown>, fields: Partial<JobDocument>): Promise<boolean> {
    const { matchedCount } = await this.#timed('write-job', async () =>
      this.#jobs.updateOne(conditions, { $set: fields }),
    );
    return matchedCount === 1;
  }
}
