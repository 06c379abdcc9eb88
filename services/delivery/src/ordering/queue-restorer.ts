import type { DeliveryState } from '@tidings/contracts';
import type { Assignment } from '@tidings/kafka';
import type { Clock } from '@tidings/runtime';
import type { ChangelogRecord, HoldRecord, OrderingChangelog } from '../adapters/ordering-changelog.ts';
import type { SubscriptionDirectory } from '../adapters/subscription-directory.ts';
import { stateBytes } from '../domain/in-flight-jobs.ts';
import type { OrderedQueues, QueueEntry } from '../domain/ordered-queues.ts';
import { queueNameOf, wholeSubscriptionQueue } from '../domain/queue-names.ts';
import type { BodyCache } from './body-cache.ts';
import type { LiveHolder } from './live-holder.ts';
import type { QueueRunner } from './queue-runner.ts';

type Dependencies = Readonly<{
  orderedQueues: OrderedQueues;
  changelog: Pick<OrderingChangelog, 'read'>;
  bodies: BodyCache;
  directory: SubscriptionDirectory;
  runner: QueueRunner;
  holder: Pick<LiveHolder, 'restore'>;
  clock: Clock;
}>;

/** A partition to restore. What is behind its committed offset is read again from its commands. */
export type RestoredPartition = Pick<Assignment, 'partition' | 'committedOffset'>;

type PersistedEntry = {
  readonly partition: number;
  readonly offset: bigint;
  readonly sequence: number;
  readonly state: DeliveryState;
  readonly traceparent: string | null;
  readonly bytes: number;
  body: Buffer | null;
};

/** Collects the entries that remain when all records are read, with as many bodies as there is room for. */
class PersistedEntries {
  readonly #entries = new Map<string, PersistedEntry>();
  #freeBytes: number;

  constructor(freeBytes: number) {
    this.#freeBytes = freeBytes;
  }

  take({ key, partition, offset, value }: ChangelogRecord): void {
    const older = this.#entries.get(key);
    if (older?.body != null) this.#freeBytes += older.bytes;
    this.#entries.delete(key);
    if (value === null) return;
    const { state, traceparent, body } = value.command;
    const bytes = body.length + stateBytes;
    const fits = bytes <= this.#freeBytes;
    if (fits) this.#freeBytes -= bytes;
    const { sequence } = value.entry;
    // A copy: a fetched body is a slice of the whole fetch buffer, which would stay in memory with it.
    const kept = fits ? Buffer.from(body) : null;
    this.#entries.set(key, { partition, offset, sequence, state, traceparent, bytes, body: kept });
  }

  inOrder(): readonly PersistedEntry[] {
    return [...this.#entries.values()].sort(
      (a, b) => a.sequence - b.sequence || a.state.chain - b.state.chain,
    );
  }
}

/** Restores the ordered queues of newly assigned partitions from the changelog. */
export class QueueRestorer {
  readonly #dependencies: Dependencies;
  /** Partitions assigned to this process, each with a token that is unique to the assignment. */
  readonly #assigned = new Map<number, symbol>();

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** Reads the entries and starts their queues. Resolves with the number of entries. */
  async restore(assigned: readonly RestoredPartition[]): Promise<number> {
    const token = Symbol('assigned');
    for (const { partition } of assigned) this.#assigned.set(partition, token);
    const { orderedQueues, changelog, bodies, runner, holder } = this.#dependencies;
    const entries = new PersistedEntries(bodies.freeBytes);
    const holds = new Map<string, HoldRecord>();
    await changelog.read(
      new Map(assigned.map(({ partition }) => [partition, 0n])),
      (record) => entries.take(record),
      { onHold: (record) => void holds.set(record.key, record) },
    );
    // A partition may have been reassigned while it was read.
    const restoring = assigned.filter(({ partition }) => this.#assigned.get(partition) === token);
    const ours = restoring.map(({ partition }) => partition);
    let restored = 0;
    for (const persisted of entries.inOrder()) {
      if (!ours.includes(persisted.partition)) continue;
      this.#enqueue(persisted);
      restored += 1;
    }
    // A hold must be known before any queue runs.
    const committed = new Map(restoring.map((one) => [one.partition, one.committedOffset]));
    for (const { partition, held } of holds.values()) {
      const committedOffset = committed.get(partition);
      if (held !== null && committedOffset !== undefined) holder.restore(partition, held, committedOffset);
    }
    for (const partition of ours) for (const queue of orderedQueues.inPartition(partition)) runner.run(queue);
    return restored;
  }

  dropPartition(partition: number): void {
    this.#assigned.delete(partition);
  }

  #enqueue({ partition, offset, ...persisted }: PersistedEntry): void {
    const { orderedQueues, bodies, directory, clock } = this.#dependencies;
    const { subscriptionId } = persisted.state;
    // An entry that needs no queue any more is released when its queue runs.
    const name = queueNameOf(persisted.state, directory.find(subscriptionId)) ?? wholeSubscriptionQueue;
    const entry: QueueEntry = {
      ...persisted,
      queue: orderedQueues.open({ partition, subscriptionId, name }),
      records: [],
      isPersisted: true,
      persistedOffset: offset,
      arrivedMs: clock.monotonicMs(),
      writtenAtMs: clock.nowMs(),
      isRejected: false,
      isRemoved: false,
    };
    orderedQueues.insert(entry);
    bodies.put(entry);
  }
}
