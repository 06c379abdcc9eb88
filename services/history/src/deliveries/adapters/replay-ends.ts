import { type DeliveryId, deliveryId, type WorkspaceId } from '@tidings/contracts';
import { insertNew, plainCollection, type TimedOperation } from '@tidings/mongodb';
import { type Connection, type Model, Schema } from 'mongoose';
import { type PurgeStep, purgeOf } from '../../adapters/purge-by-workspace.ts';
import type { Delivery } from '../domain/delivery.ts';
import { type ReplayEnd, type ReplayOutcome, replayEndsOf } from '../domain/replay-outcomes.ts';

/** The end of a replay of one delivery. The key begins with what is counted: a range of keys is one replay. */
type ReplayEndDocument = Readonly<{
  _id: string;
  workspace_id: string;
  outcome: ReplayOutcome;
  /** That of the delivery, with which it is removed. */
  created_at: Date;
}>;

const schema = new Schema<ReplayEndDocument>(
  { _id: String },
  { ...plainCollection, collection: 'replay_ends' },
);
schema.index({ workspace_id: 1, created_at: 1 });

const prefixOf = (workspace: WorkspaceId, chain: number, outcome: ReplayOutcome): string =>
  `${workspace}/${chain}/${outcome}/`;

const keyOf = (workspace: WorkspaceId, { chain, outcome }: ReplayEnd, id: DeliveryId): string =>
  `${prefixOf(workspace, chain, outcome)}${id}`;

/**
 * The ends of replays in MongoDB, apart from the deliveries: an index of these would cost every insert, and hardly any
 * delivery is in a replay.
 */
export class ReplayEnds {
  readonly #model: Model<ReplayEndDocument>;
  readonly #timed: TimedOperation;

  constructor(connection: Connection, timed: TimedOperation) {
    this.#model = connection.model<ReplayEndDocument>('ReplayEnd', schema);
    this.#timed = timed;
  }

  async createIndexes(): Promise<void> {
    await this.#model.createIndexes();
  }

  async put(deliveries: readonly Delivery[]): Promise<void> {
    const ends = deliveries.flatMap((delivery) => replayEndsOf(delivery).map((end) => ({ delivery, end })));
    const documents = ends.map(({ delivery, end }) => ({
      _id: keyOf(delivery.workspaceId, end, deliveryId(delivery.id)),
      workspace_id: delivery.workspaceId,
      outcome: end.outcome,
      created_at: new Date(delivery.createdAtMs),
    }));
    if (documents.length === 0) return;
    await this.#timed('insert-replay-ends', async () => insertNew(this.#model, documents));
    // A crash repeated an attempt that had failed, and the second one succeeded.
    const corrected = ends
      .filter(({ end }) => end.outcome === 'delivered')
      .map(({ delivery, end }) => keyOf(delivery.workspaceId, { ...end, outcome: 'failed' }, delivery.id));
    if (corrected.length === 0) return;
    await this.#timed('correct-replay-ends', async () => this.#model.deleteMany({ _id: { $in: corrected } }));
  }

  async count(workspace: WorkspaceId, { chain, outcome }: ReplayEnd): Promise<number> {
    const prefix = prefixOf(workspace, chain, outcome);
    // The first key behind all with the prefix: the character after the slash.
    const behind = `${prefix.slice(0, -1)}0`;
    return this.#timed('count-replay-ends', async () =>
      this.#model.countDocuments({ _id: { $gt: prefix, $lt: behind } }),
    );
  }

  async purge(step: PurgeStep): Promise<void> {
    await purgeOf(this.#model, 'created_at', step);
  }
}
