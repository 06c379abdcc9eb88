import { isNewerRun, type RunId, runId, type WorkspaceId } from '@tidings/contracts';
import {
  insertNew,
  type OperationHistogram,
  plainCollection,
  type TimedOperation,
  timedOperations,
} from '@tidings/mongodb';
import { type Connection, type Model, Schema } from 'mongoose';
import { type Conditions, followingIn, timeBetween } from '../../adapters/list-conditions.ts';
import { purgeOf, workspacesOf } from '../../adapters/purge-by-workspace.ts';
import { erasedRun, type RunVersion, type StoredRun } from '../domain/run.ts';
import type { RunFilters, RunPage, RunStore, RunSummary } from '../ports.ts';
import { fromDocument, type RunDocument, toDocument, toSummary } from './run-document.ts';

const schema = new Schema<RunDocument>({ _id: String }, { ...plainCollection, collection: 'runs' });
schema.index({ workspace_id: 1, started_at: -1, _id: -1 });
schema.index({ workspace_id: 1, status: 1, started_at: -1, _id: -1 });
schema.index({ workspace_id: 1, app: 1, started_at: -1, _id: -1 });
schema.index({ workspace_id: 1, handler: 1, started_at: -1, _id: -1 });
schema.index({ workspace_id: 1, consumer_id: 1, started_at: -1, _id: -1 });
schema.index({ workspace_id: 1, ordering_key: 1, started_at: -1, _id: -1 });
schema.index({ workspace_id: 1, 'failure.step': 1, started_at: -1, _id: -1 });
schema.index({ workspace_id: 1, 'failure.reason': 1, started_at: -1, _id: -1 });
schema.index({ event_id: 1, started_at: -1, _id: -1 });
// For purges.
schema.index({ workspace_id: 1, recorded_at: -1 });

const conditionsOf = (filters: RunFilters): Conditions => ({
  workspace_id: filters.workspaceId,
  ...(filters.statuses === undefined ? {} : { status: { $in: [...filters.statuses] } }),
  ...(filters.app === undefined ? {} : { app: filters.app }),
  ...(filters.handler === undefined ? {} : { handler: filters.handler }),
  ...(filters.eventId === undefined ? {} : { event_id: filters.eventId }),
  ...(filters.consumerId === undefined ? {} : { consumer_id: filters.consumerId }),
  ...(filters.orderingKey === undefined ? {} : { ordering_key: filters.orderingKey }),
  ...(filters.reason === undefined ? {} : { 'failure.reason': filters.reason }),
  ...(filters.step === undefined ? {} : { 'failure.step': filters.step }),
  ...timeBetween('started_at', filters.startedAfterMs, filters.startedBeforeMs),
});

type Replacement = Readonly<{ next: StoredRun; known: RunVersion }>;

/** Runs in MongoDB, a document each. A write replaces the version that it has read, and no other. */
export class MongoRunStore implements RunStore {
  readonly #model: Model<RunDocument>;
  readonly #timed: TimedOperation;

  constructor(connection: Connection, seconds: OperationHistogram) {
    this.#model = connection.model<RunDocument>('Run', schema);
    this.#timed = timedOperations(seconds);
  }

  /** Creates the missing indexes. */
  async createIndexes(): Promise<void> {
    await this.#timed('create-indexes', async () => this.#model.createIndexes());
  }

  async versions(ids: readonly RunId[]): Promise<ReadonlyMap<RunId, RunVersion>> {
    const found = await this.#timed('run-versions', async () =>
      this.#model
        .find({ _id: { $in: [...ids] } }, { epoch: 1, sequence: 1, status: 1 })
        .lean<Pick<RunDocument, '_id' | 'epoch' | 'sequence' | 'status'>[]>(),
    );
    return new Map(found.map(({ _id, ...version }) => [runId(_id), version]));
  }

  async put(runs: readonly StoredRun[]): Promise<void> {
    let left = runs;
    while (left.length > 0) {
      const known = await this.versions(left.map((run) => run.runId));
      const missing = left.filter((run) => !known.has(run.runId));
      const taken = missing.length === 0 ? new Set<number>() : await this.#insert(missing);
      const changes = left.flatMap((next): Replacement[] => {
        const version = known.get(next.runId);
        return version !== undefined && isNewerRun(next, version) ? [{ next, known: version }] : [];
      });
      const replaced = await this.#replace(changes);
      // Another instance has written one of them meanwhile: compare with what it wrote.
      const lost = replaced === changes.length ? [] : changes.map(({ next }) => next);
      left = [...missing.filter((_, index) => taken.has(index)), ...lost];
    }
  }

  async erase(ids: readonly RunId[]): Promise<number> {
    const found = await this.#timed('find-runs', async () =>
      this.#model.find({ _id: { $in: [...ids] } }).lean<RunDocument[]>(),
    );
    // A state that replaces one of them meanwhile is erased before it is stored.
    return this.#replace(
      found
        .filter((document) => document.is_erased !== true)
        .map((document) => ({ next: erasedRun(fromDocument(document)), known: document })),
    );
  }

  async find(id: RunId, workspaceId: WorkspaceId): Promise<StoredRun | null> {
    const document = await this.#timed('find-run', async () =>
      this.#model.findOne({ _id: id, workspace_id: workspaceId }).lean<RunDocument>(),
    );
    return document === null ? null : fromDocument(document);
  }

  async list(
    filters: RunFilters,
    { limit, after, isOldestFirst = false }: RunPage,
  ): Promise<readonly RunSummary[]> {
    const direction = isOldestFirst ? 1 : -1;
    const behind =
      after === null
        ? {}
        : followingIn('started_at', { timeMs: after.startedAtMs, key: after.id }, isOldestFirst);
    const documents = await this.#timed('list-runs', async () =>
      this.#model
        .find({ ...conditionsOf(filters), ...behind } as never, { state_json: 0 })
        .sort({ started_at: direction, _id: direction })
        .limit(limit)
        .lean<RunDocument[]>(),
    );
    return documents.map(toSummary);
  }

  async count(filters: RunFilters): Promise<number> {
    return this.#timed('count-runs', async () => this.#model.countDocuments(conditionsOf(filters) as never));
  }

  async workspaces(): Promise<readonly (string | null)[]> {
    return this.#timed('workspaces-of-runs', async () => workspacesOf(this.#model));
  }

  async purge(workspaceId: string | null, beforeMs: number, limit: number): Promise<number> {
    return this.#timed('purge-runs', async () =>
      purgeOf(this.#model, 'recorded_at', { workspaceId, beforeMs, limit }),
    );
  }

  async #insert(runs: readonly StoredRun[]): Promise<ReadonlySet<number>> {
    return this.#timed('insert-runs', async () => insertNew(this.#model, runs.map(toDocument)));
  }

  async #replace(changes: readonly Replacement[]): Promise<number> {
    if (changes.length === 0) return 0;
    const updates = changes.map(({ next, known: { epoch, sequence } }) => {
      const { _id, ...fields } = toDocument(next);
      return { updateOne: { filter: { _id, epoch, sequence }, update: { $set: fields } } };
    });
    const { matchedCount } = await this.#timed('replace-runs', async () =>
      this.#model.collection.bulkWrite(updates as never, { ordered: false }),
    );
    return matchedCount;
  }
}
