import type { DeadLetterRef, DeadLetterSettled, SubscriptionId } from '@tidings/contracts';
import { insertNew, type OperationHistogram, type TimedOperation, timedOperations } from '@tidings/mongodb';
import type { Connection, Model } from 'mongoose';
import { purgeOf, workspacesOf } from '../../adapters/purge-by-workspace.ts';
import type { UndeliveredCount } from '../../domain/undelivered-count.ts';
import {
  type Content,
  type DeadLetter,
  type DeadLetterState,
  deadLetterKey,
  type Settlement,
  type Taken,
} from '../domain/dead-letter.ts';
import type { DeadLetterFilters } from '../domain/dead-letter-filters.ts';
import type { OffsetRange } from '../domain/dead-letter-job.ts';
import type { DeadLetterCount, DeadLetterPosition, DeadLetterStore } from '../ports.ts';
import { DeadLetterCounts } from './count-dead-letters.ts';
import { behind, type Conditions, conditionsOf, within, withinAny } from './dead-letter-conditions.ts';
import {
  type ContentDocument,
  contentSchema,
  type DeadLetterDocument,
  deadLetterSchema,
  fromContentDocument,
  fromDocument,
  settledFields,
  toContentDocument,
  toDocument,
} from './dead-letter-document.ts';

type DeadLetters = Parameters<DeadLetterStore['insert']>[0];

const unsettled: readonly DeadLetterState[] = ['waiting', 'redriving'];
const undelivered: readonly DeadLetterState[] = [...unsettled, 'redriven'];

/** Dead letters in MongoDB: a small document for each, and one with its content. */
export class MongoDeadLetterStore implements DeadLetterStore {
  readonly #deadLetters: Model<DeadLetterDocument>;
  readonly #contents: Model<ContentDocument>;
  readonly #timed: TimedOperation;
  readonly #counts: DeadLetterCounts;

  constructor(connection: Connection, seconds: OperationHistogram) {
    this.#deadLetters = connection.model<DeadLetterDocument>('DeadLetter', deadLetterSchema);
    this.#contents = connection.model<ContentDocument>('DeadLetterContent', contentSchema);
    this.#timed = timedOperations(seconds);
    this.#counts = new DeadLetterCounts(this.#deadLetters, this.#timed);
  }

  /** Creates the missing indexes. */
  async createIndexes(): Promise<void> {
    await this.#timed('create-indexes', async () => this.#deadLetters.createIndexes());
  }

  async insert(deadLetters: DeadLetters): Promise<readonly DeadLetter[]> {
    if (deadLetters.length === 0) return [];
    const contents = deadLetters.map(({ deadLetter, content }) =>
      toContentDocument(deadLetterKey(deadLetter.ref), content),
    );
    const documents = deadLetters.map(({ deadLetter }) => toDocument(deadLetter));
    return this.#timed('insert-letters', async () => {
      // The content is written first: every listed dead letter can then be read.
      await insertNew(this.#contents, contents);
      const taken = await insertNew(this.#deadLetters, documents);
      return deadLetters.filter((_, at) => !taken.has(at)).map(({ deadLetter }) => deadLetter);
    });
  }

  async read(refs: readonly DeadLetterRef[]): Promise<readonly DeadLetter[]> {
    return this.#find('read-letters', { _id: { $in: refs.map(deadLetterKey) } });
  }

  async readContents(refs: readonly DeadLetterRef[]): Promise<ReadonlyMap<string, Content>> {
    const documents = await this.#timed('read-contents', async () =>
      this.#contents.collection
        .find({ _id: { $in: refs.map(deadLetterKey) } as never }, { promoteBuffers: true })
        .toArray(),
    );
    return new Map(
      documents.map((document) => {
        const content = document as unknown as ContentDocument;
        return [content._id, fromContentDocument(content)];
      }),
    );
  }

  async find(filters: DeadLetterFilters): Promise<DeadLetter | null> {
    const document = await this.#timed('find-letter', async () =>
      this.#deadLetters.findOne(conditionsOf(filters)).lean<DeadLetterDocument>(),
    );
    return document === null ? null : fromDocument(document);
  }

  async list(
    filters: DeadLetterFilters,
    { limit, after }: Readonly<{ limit: number; after: DeadLetterPosition | null }>,
  ): Promise<readonly DeadLetter[]> {
    // Separate from the filters: both may contain a condition on the key.
    const conditions =
      after === null ? conditionsOf(filters) : { $and: [conditionsOf(filters), behind(after)] };
    return this.#find('list-letters', conditions, { sort: { recorded_at: -1, _id: -1 }, limit });
  }

  async listInOrder(
    filters: DeadLetterFilters,
    range: OffsetRange,
    limit: number,
  ): Promise<readonly DeadLetter[]> {
    const conditions = { ...conditionsOf(filters), ...within(range) };
    return this.#find('list-letters-in-order', conditions, { sort: { offset: 1 }, limit });
  }

  async count(filters: DeadLetterFilters): Promise<readonly DeadLetterCount[]> {
    return this.#counts.group(conditionsOf(filters));
  }

  async countWaiting(): Promise<readonly DeadLetterCount[]> {
    return this.#counts.group({ state: { $in: unsettled } });
  }

  async countBySubscription(
    filters: DeadLetterFilters,
    ranges?: readonly OffsetRange[],
  ): Promise<ReadonlyMap<SubscriptionId | null, number>> {
    const wanted = conditionsOf(filters);
    return this.#counts.bySubscription(ranges === undefined ? wanted : { $and: [wanted, withinAny(ranges)] });
  }

  async countUndelivered(filters: DeadLetterFilters, limit: number): Promise<readonly UndeliveredCount[]> {
    const match = { ...conditionsOf({ ...filters, states: unsettled }), kind: 'delivery' };
    return this.#counts.undelivered(match, limit);
  }

  async take(taken: readonly Readonly<{ ref: DeadLetterRef; taken: Taken }>[]): Promise<void> {
    if (taken.length === 0) return;
    const updates = taken.map(({ ref, taken: { jobId, chain } }) => ({
      updateOne: {
        filter: { _id: deadLetterKey(ref), state: 'waiting' },
        update: { $set: { state: 'redriving', job_id: jobId, job_chain: chain } },
      },
    }));
    await this.#timed('take-letters', async () =>
      this.#deadLetters.collection.bulkWrite(updates as never, { ordered: false }),
    );
  }

  async release(jobId: string): Promise<void> {
    await this.#timed('let-letters-go', async () =>
      this.#deadLetters.updateMany(
        { job_id: jobId, state: 'redriving' },
        { $set: { state: 'waiting', job_id: null, job_chain: null } },
      ),
    );
  }

  async settle(refs: readonly DeadLetterRef[], settlement: Settlement): Promise<number> {
    const those = { _id: { $in: refs.map(deadLetterKey) } };
    const settled = settledFields(settlement);
    const { modifiedCount } = await this.#timed('settle-letters', async () =>
      this.#deadLetters.updateMany({ ...those, state: { $in: unsettled } }, { $set: settled }),
    );
    if (modifiedCount === refs.length) return modifiedCount;
    // The projection may have applied this settlement from the topic before.
    return this.#timed('count-settled-letters', async () =>
      this.#deadLetters.countDocuments({ ...those, ...settled }),
    );
  }

  async settleFrom(events: readonly DeadLetterSettled[]): Promise<void> {
    if (events.length === 0) return;
    const updates = events.flatMap(({ ref, chain, jobId, ...settlement }) => {
      const _id = deadLetterKey(ref);
      const { state, ...settled } = {
        ...settledFields(settlement),
        ...(chain === null ? {} : { job_chain: chain }),
        ...(jobId === undefined ? {} : { job_id: jobId }),
      };
      const first = { filter: { _id, state: { $in: unsettled } }, update: { $set: { state, ...settled } } };
      if (settlement.how === 'discarded') return [{ updateOne: first }];
      // The success of a redriven one may be read before its redrive: their topics are read side by side.
      const late = { filter: { _id, state: 'delivered', settled_at: null }, update: { $set: settled } };
      return [{ updateOne: first }, { updateOne: late }];
    });
    await this.#timed('settle-letters', async () =>
      this.#deadLetters.collection.bulkWrite(updates as never, { ordered: false }),
    );
  }

  async markDelivered(refs: readonly DeadLetterRef[]): Promise<void> {
    if (refs.length === 0) return;
    await this.#timed('mark-letters-delivered', async () =>
      this.#deadLetters.updateMany(
        { _id: { $in: refs.map(deadLetterKey) }, state: { $in: undelivered } },
        { $set: { state: 'delivered' } },
      ),
    );
  }

  async erase(refs: readonly DeadLetterRef[]): Promise<void> {
    if (refs.length === 0) return;
    const keys = refs.map(deadLetterKey);
    const contents = keys.map((key) => {
      const { _id, ...fields } = toContentDocument(key, { kind: 'erased' });
      return { updateOne: { filter: { _id }, update: { $set: fields } } };
    });
    await this.#timed('erase-letters', async () => {
      await this.#contents.collection.bulkWrite(contents as never, { ordered: false });
      await this.#deadLetters.updateMany({ _id: { $in: keys } }, { $set: { erased: true, detail: null } });
    });
  }

  async workspaces(): Promise<readonly (string | null)[]> {
    return this.#timed('workspaces-of-letters', async () => workspacesOf(this.#deadLetters));
  }

  async purge(workspaceId: string | null, beforeMs: number, limit: number): Promise<number> {
    // In this order, a crash leaves a dead letter that the next purge finds again.
    const first = async (ids: readonly string[]) =>
      this.#contents.deleteMany({ _id: { $in: ids as string[] } });
    return this.#timed('purge-letters', async () =>
      purgeOf(this.#deadLetters, 'recorded_at', { workspaceId, beforeMs, limit, first }),
    );
  }

  async #find(
    operation: string,
    conditions: Conditions,
    { sort, limit }: Readonly<{ sort?: Record<string, 1 | -1>; limit?: number }> = {},
  ): Promise<readonly DeadLetter[]> {
    const documents = await this.#timed(operation, async () => {
      let query = this.#deadLetters.find(conditions);
      if (sort !== undefined) query = query.sort(sort);
      if (limit !== undefined) query = query.limit(limit);
      return query.lean<DeadLetterDocument[]>();
    });
    return documents.map(fromDocument);
  }
}
