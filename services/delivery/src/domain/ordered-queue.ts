import type { DeliveryId, DeliveryState, SubscriptionRecord } from '@tidings/contracts';

/** A record whose offset may be committed once it is done. */
export type Completable = Readonly<{ done(): void }>;

/** A command in a line. */
export type QueueEntry = {
  queue: OrderedQueue;
  /** Its place: the offset that it was first read from. */
  readonly sequence: number;
  state: DeliveryState;
  readonly traceparent: string | null;
  /** null: only its entry has it. */
  body: Buffer | null;
  readonly bytes: number;
  /** The records that it stands for; empty once its entry or its end is in the log. */
  records: Completable[];
  /** An entry has been or is being written: its end needs a tombstone. */
  isPersisted: boolean;
  /** Where its newest entry lies; null while none is acknowledged. */
  persistedOffset: bigint | null;
  /** Monotonic milliseconds when it was read. */
  readonly arrivedMs: number;
  readonly writtenAtMs: number;
  /** One too many: it is on its way to dead-letters, and keeps its place until it is there. */
  readonly isRejected: boolean;
  /** It has ended, or went its own way. */
  isRemoved: boolean;
};

/**
 * What the head of a line does:
 *
 *   idle ──▶ loading ──▶ running ──ended──▶ (the next one is the head) idle
 *     └────────────────────▲ └─next attempt, put aside──▶ timed ──time──▶ idle
 *
 * loading: its body is read back from its entry. Only the head ever runs.
 */
export type HeadState = 'idle' | 'loading' | 'running' | 'timed';

/** Commands that go one after the other, in the order of their sequence. */
export type OrderedQueue = {
  readonly name: string;
  readonly subscriptionId: string;
  readonly partition: number;
  entries: QueueEntry[];
  head: HeadState;
  cancelTimer: () => void;
  /** The partition belongs to somebody else by now: nothing of this line is ours to decide. */
  isRevoked: boolean;
};

/** All that waits for one subscription in one partition. */
export type SubscriptionBacklog = {
  readonly queues: Map<string, OrderedQueue>;
  /** By delivery; of several chains the newest. */
  readonly entries: Map<DeliveryId, QueueEntry>;
  /** Commands that wait, refused ones not counted. */
  waiting: number;
};

/** The line of a whole subscription. */
export const wholeSubscriptionQueue = 'all';

const keyQueue = (orderingKey: string): string => `key:${orderingKey}`;

/**
 * The line that a subscription asks for, or null for none. An unknown one, or one known in an older version than the
 * command names, may turn out to be ordered: until then its commands wait for one another.
 */
export const queueNameOf = (
  { subscriptionVersion, orderingKey }: Pick<DeliveryState, 'subscriptionVersion' | 'orderingKey'>,
  subscription: SubscriptionRecord | undefined,
): string | null => {
  if (subscription === undefined || subscription.version < subscriptionVersion) return wholeSubscriptionQueue;
  switch (subscription.ordering) {
    case 'none':
      return null;
    case 'key':
      return orderingKey === null ? null : keyQueue(orderingKey);
    case 'subscription':
      return wholeSubscriptionQueue;
  }
};

/**
 * The line that a command joins where others of its subscription wait already. Lines that are no longer asked for are
 * let go when their head has ended; until then what belongs to them stands behind it.
 */
export const queueNameAmong = (
  { queues }: Pick<SubscriptionBacklog, 'queues'>,
  orderingKey: string | null,
  wanted: string | null,
): string | null => {
  const key = orderingKey === null ? null : keyQueue(orderingKey);
  if (key !== null && queues.has(key)) return key;
  return queues.has(wholeSubscriptionQueue) ? wholeSubscriptionQueue : wanted;
};

/** True when `a` comes before `b`; of one delivery the older chain does. */
const isBefore = (a: QueueEntry, b: QueueEntry): boolean =>
  a.sequence < b.sequence || (a.sequence === b.sequence && a.state.chain < b.state.chain);

/** True when `later` is the same delivery as `earlier`, sent once more by a person. */
export const isRepeatOf = (later: QueueEntry, earlier: QueueEntry): boolean =>
  later.state.deliveryId === earlier.state.deliveryId && later.state.chain > earlier.state.chain;

type Subscriptions = Map<string, SubscriptionBacklog>;

/** Who stands where, over all partitions of this process. */
export class OrderedQueues {
  readonly #partitions = new Map<number, Subscriptions>();

  /** Lines with somebody in them. */
  get count(): number {
    return this.#sum(({ queues: count }) => count.size);
  }

  /** Commands in lines, heads included. */
  get waiting(): number {
    return this.#sum(({ waiting }) => waiting);
  }

  /** What waits for a subscription; undefined when nothing does, which is nearly always. */
  of(partition: number, subscriptionId: string): SubscriptionBacklog | undefined {
    return this.#partitions.get(partition)?.get(subscriptionId);
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

  /** The line of that name, a new one if there is none. */
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
      known = { queues: new Map(), entries: new Map(), waiting: 0 };
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

  /** Puts a member in its place in its line: almost always at the end, and never before a head that is at work. */
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
    if (!entry.isRejected) known.waiting += 1;
  }

  /** Takes a member out; a line without members is forgotten. False when it did not stand there any more. */
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

  /** Takes a whole line away. */
  take(queue: OrderedQueue): readonly QueueEntry[] {
    const { entries } = queue;
    queue.entries = [];
    for (const entry of entries) this.#forget(entry);
    this.#close(queue);
    return entries;
  }

  /** The partition is somebody else's. Returns what stood there. */
  drop(partition: number): readonly OrderedQueue[] {
    const count = this.inPartition(partition);
    this.#partitions.delete(partition);
    return count;
  }

  #forget(entry: QueueEntry): void {
    const { partition, subscriptionId } = entry.queue;
    const known = this.of(partition, subscriptionId);
    if (known === undefined) return;
    const { deliveryId } = entry.state;
    if (known.entries.get(deliveryId) === entry) known.entries.delete(deliveryId);
    if (!entry.isRejected) known.waiting -= 1;
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
