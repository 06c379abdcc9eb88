import { type DeliveryId, type DeliveryState, isReplayChain } from '@tidings/contracts';

/** A record whose offset may be committed once it is done. */
export type Completable = Readonly<{ done(): void }>;

/** A command in an ordered queue. */
export type QueueEntry = {
  queue: OrderedQueue;
  /** Its position: the offset from which it was first read. */
  readonly sequence: number;
  state: DeliveryState;
  readonly traceparent: string | null;
  /** null: only the changelog holds the body. */
  body: Buffer | null;
  readonly bytes: number;
  /** The records that it completes; empty once its entry or its end is in the log. */
  records: Completable[];
  /** True when an entry has been or is being written to the changelog: its end then requires a tombstone. */
  isPersisted: boolean;
  /** Offset of its newest entry in the changelog; null while none is acknowledged. */
  persistedOffset: bigint | null;
  /** Time when it was read, in monotonic milliseconds. */
  readonly arrivedMs: number;
  readonly writtenAtMs: number;
  /**
   * True when it exceeds the backlog limit: it is being written to dead-letters
   * and keeps its position until it is there.
   */
  readonly isRejected: boolean;
  /** True when it has ended or was released from the queue. */
  isRemoved: boolean;
};

/**
 * States of the head of a queue:
 *
 *   idle ──▶ loading ──▶ running ──ended──▶ (the next one is the head) idle
 *     └────────────────────▲ └─next attempt, deferred──▶ timed ──time──▶ idle
 *   idle ──a replay holds live commands──▶ held ──released──▶ idle
 *
 * loading: the body is being read from the changelog. Only the head ever runs.
 */
export type HeadState = 'idle' | 'loading' | 'running' | 'timed' | 'held';

/** Commands that are sent one after the other, in the order of their sequence. */
export type OrderedQueue = {
  readonly name: string;
  readonly subscriptionId: string;
  readonly partition: number;
  entries: QueueEntry[];
  head: HeadState;
  cancelTimer: () => void;
  /** True when the partition is assigned to another process, which alone may now process this queue. */
  isRevoked: boolean;
};

/** All waiting commands of one subscription in one partition. */
export type SubscriptionBacklog = {
  readonly queues: Map<string, OrderedQueue>;
  /** By delivery; of several chains, the newest. */
  readonly entries: Map<DeliveryId, QueueEntry>;
  /** Waiting live commands without the rejected ones. */
  waiting: number;
  /** Likewise those of replays. */
  replayed: number;
};

/** Returns true when `a` comes before `b`; of one delivery, the older chain comes first. */
const isBefore = (a: QueueEntry, b: QueueEntry): boolean =>
  a.sequence < b.sequence || (a.sequence === b.sequence && a.state.chain < b.state.chain);

/** Returns true when `later` is a manual redelivery of `earlier`. */
export const isRepeatOf = (later: QueueEntry, earlier: QueueEntry): boolean =>
  later.state.deliveryId === earlier.state.deliveryId && later.state.chain > earlier.state.chain;

const countOf = (chain: number): 'waiting' | 'replayed' => (isReplayChain(chain) ? 'replayed' : 'waiting');

/** Returns the number of commands of a subscription that count towards the same bound as one of this chain. */
export const waitingBeside = (backlog: SubscriptionBacklog | undefined, chain: number): number =>
  backlog?.[countOf(chain)] ?? 0;

type EntryName = Pick<DeliveryState, 'subscriptionId' | 'deliveryId' | 'chain'>;

type Subscriptions = Map<string, SubscriptionBacklog>;

/** The ordered queues of all partitions of this process. */
export class OrderedQueues {
  readonly #partitions = new Map<number, Subscriptions>();

  /** Number of queues that hold commands. */
  get count(): number {
    return this.#sum(({ queues: count }) => count.size);
  }

  /** Commands in all queues, heads included. */
  get waiting(): number {
    return this.#sum(({ waiting, replayed }) => waiting + replayed);
  }

  /** Returns the backlog of a subscription; undefined if it has none, which is by far the most common case. */
  of(partition: number, subscriptionId: string): SubscriptionBacklog | undefined {
    return this.#partitions.get(partition)?.get(subscriptionId);
  }

  /** Returns the entry of a delivery if it is of the same chain. */
  entryOf(partition: number, state: EntryName): QueueEntry | undefined {
    const entry = this.of(partition, state.subscriptionId)?.entries.get(state.deliveryId);
    return entry?.state.chain === state.chain ? entry : undefined;
  }

  ofSubscription(subscriptionId: string): readonly OrderedQueue[] {
    return [...this.#partitions.values()].flatMap((subscriptions) => [
      ...(subscriptions.get(subscriptionId)?.queues.values() ?? []),
    ]);
  }

  inPartition(partition: number): readonly OrderedQueue[] {
    const subscriptions = this.#partitions.get(partition)?.values() ?? [];
    return [...subscriptions].flatMap(({ queues: count }) => [...count.values()]);
  }

  /** Returns the queue with that name; creates it if there is none. */
  open({
    partition,
    subscriptionId,
    name,
  }: Pick<OrderedQueue, 'partition' | 'subscriptionId' | 'name'>): OrderedQueue {
    let subscriptions = this.#partitions.get(partition);
    if (subscriptions === undefined) {
      subscriptions = new Map();
      this.#partitions.set(partition, subscriptions);
    }
    let known = subscriptions.get(subscriptionId);
    if (known === undefined) {
      known = { queues: new Map(), entries: new Map(), waiting: 0, replayed: 0 };
      subscriptions.set(subscriptionId, known);
    }
    let queue = known.queues.get(name);
    if (queue === undefined) {
      const cancelTimer = () => {};
      const fresh = { entries: [], head: 'idle', cancelTimer, isRevoked: false } as const;
      queue = { name, subscriptionId, partition, ...fresh, entries: [] };
      known.queues.set(name, queue);
    }
    return queue;
  }

  /** Inserts an entry at its position: almost always at the end, and never before a head that is in progress. */
  insert(entry: QueueEntry): void {
    const { queue } = entry;
    const { entries, head, partition, subscriptionId } = queue;
    const first = head === 'running' || head === 'loading' ? 1 : 0;
    let at = entries.length;
    for (let before = entries[at - 1]; at > first && before !== undefined; before = entries[at - 1]) {
      if (!isBefore(entry, before)) break;
      at -= 1;
    }
    if (at === entries.length) entries.push(entry);
    else entries.splice(at, 0, entry);
    const known = this.of(partition, subscriptionId);
    if (known === undefined) return;
    const { deliveryId, chain } = entry.state;
    if ((known.entries.get(deliveryId)?.state.chain ?? -1) <= chain) known.entries.set(deliveryId, entry);
    if (!entry.isRejected) known[countOf(chain)] += 1;
  }

  /** Removes an entry, and its queue if that is empty. Returns false when the entry was not in the queue any more. */
  remove(entry: QueueEntry): boolean {
    const { queue } = entry;
    const at = queue.entries[0] === entry ? 0 : queue.entries.lastIndexOf(entry);
    if (at < 0) return false;
    if (at === 0) queue.entries.shift();
    else queue.entries.splice(at, 1);
    this.#forget(entry);
    if (queue.entries.length === 0) this.#close(queue);
    return true;
  }

  /** Removes a whole queue and returns its entries. */
  take(queue: OrderedQueue): readonly QueueEntry[] {
    const { entries } = queue;
    queue.entries = [];
    for (const entry of entries) this.#forget(entry);
    this.#close(queue);
    return entries;
  }

  /** Removes and returns the queues of a partition that was reassigned. */
  drop(partition: number): readonly OrderedQueue[] {
    const count = this.inPartition(partition);
    this.#partitions.delete(partition);
    return count;
  }

  #forget(entry: QueueEntry): void {
    const { partition, subscriptionId } = entry.queue;
    const known = this.of(partition, subscriptionId);
    if (known === undefined) return;
    const { deliveryId, chain } = entry.state;
    if (known.entries.get(deliveryId) === entry) known.entries.delete(deliveryId);
    if (!entry.isRejected) known[countOf(chain)] -= 1;
  }

  #close({ partition, subscriptionId, name }: OrderedQueue): void {
    const subscriptions = this.#partitions.get(partition);
    const known = subscriptions?.get(subscriptionId);
    known?.queues.delete(name);
    if (known?.queues.size === 0) subscriptions?.delete(subscriptionId);
  }

  #sum(of: (count: SubscriptionBacklog) => number): number {
    let sum = 0;
    for (const subscriptions of this.#partitions.values()) {
      for (const count of subscriptions.values()) sum += of(count);
    }
    return sum;
  }
}
