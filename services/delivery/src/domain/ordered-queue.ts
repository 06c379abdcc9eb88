import type { DeliveryId, DeliveryState, SubscriptionRecord } from '@tidings/contracts';

/** A record whose offset may be committed once it is done. */
export type Completable = Readonly<{ done(): void }>;

/** A command in a line. */
export type Member = {
  line: Line;
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
  hasEntry: boolean;
  /** Where its newest entry lies; null while none is acknowledged. */
  entryOffset: bigint | null;
  /** Monotonic milliseconds when it was read. */
  readonly arrivedMs: number;
  readonly writtenAtMs: number;
  /** One too many: it is on its way to dead-letters, and keeps its place until it is there. */
  readonly isRefused: boolean;
  /** It has ended, or went its own way. */
  hasLeft: boolean;
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
export type Line = {
  readonly name: string;
  readonly subscriptionId: string;
  readonly partition: number;
  members: Member[];
  head: HeadState;
  cancelTimer: () => void;
  /** The partition belongs to somebody else by now: nothing of this line is ours to decide. */
  isGone: boolean;
};

/** All that waits for one subscription in one partition. */
export type SubscriptionLines = {
  readonly lines: Map<string, Line>;
  /** By delivery; of several chains the newest. */
  readonly members: Map<DeliveryId, Member>;
  /** Commands that wait, refused ones not counted. */
  waiting: number;
};

/** The line of a whole subscription. */
export const wholeLine = 'all';

const keyLine = (orderingKey: string): string => `key:${orderingKey}`;

/**
 * The line that a subscription asks for, or null for none. An unknown one, or one known in an older version than the
 * command names, may turn out to be ordered: until then its commands wait for one another.
 */
export const lineNameOf = (
  { subscriptionVersion, orderingKey }: Pick<DeliveryState, 'subscriptionVersion' | 'orderingKey'>,
  subscription: SubscriptionRecord | undefined,
): string | null => {
  if (subscription === undefined || subscription.version < subscriptionVersion) return wholeLine;
  switch (subscription.ordering) {
    case 'none':
      return null;
    case 'key':
      return orderingKey === null ? null : keyLine(orderingKey);
    case 'subscription':
      return wholeLine;
  }
};

/**
 * The line that a command joins where others of its subscription wait already. Lines that are no longer asked for are
 * let go when their head has ended; until then what belongs to them stands behind it.
 */
export const lineAmong = (
  { lines }: Pick<SubscriptionLines, 'lines'>,
  orderingKey: string | null,
  wanted: string | null,
): string | null => {
  const key = orderingKey === null ? null : keyLine(orderingKey);
  if (key !== null && lines.has(key)) return key;
  return lines.has(wholeLine) ? wholeLine : wanted;
};

/** True when `a` comes before `b`; of one delivery the older chain does. */
const isBefore = (a: Member, b: Member): boolean =>
  a.sequence < b.sequence || (a.sequence === b.sequence && a.state.chain < b.state.chain);

/** True when `later` is the same delivery as `earlier`, sent once more by a person. */
export const isRepeatOf = (later: Member, earlier: Member): boolean =>
  later.state.deliveryId === earlier.state.deliveryId && later.state.chain > earlier.state.chain;

type Subscriptions = Map<string, SubscriptionLines>;

/** Who stands where, over all partitions of this process. */
export class OrderBook {
  readonly #partitions = new Map<number, Subscriptions>();

  /** Lines with somebody in them. */
  get lines(): number {
    return this.#sum(({ lines }) => lines.size);
  }

  /** Commands in lines, heads included. */
  get waiting(): number {
    return this.#sum(({ waiting }) => waiting);
  }

  /** What waits for a subscription; undefined when nothing does, which is nearly always. */
  of(partition: number, subscriptionId: string): SubscriptionLines | undefined {
    return this.#partitions.get(partition)?.get(subscriptionId);
  }

  linesOf(subscriptionId: string): readonly Line[] {
    return [...this.#partitions.values()].flatMap((subscriptions) => [
      ...(subscriptions.get(subscriptionId)?.lines.values() ?? []),
    ]);
  }

  linesIn(partition: number): readonly Line[] {
    const subscriptions = this.#partitions.get(partition)?.values() ?? [];
    return [...subscriptions].flatMap(({ lines }) => [...lines.values()]);
  }

  /** The line of that name, a new one if there is none. */
  open({ partition, subscriptionId, name }: Pick<Line, 'partition' | 'subscriptionId' | 'name'>): Line {
    let subscriptions = this.#partitions.get(partition);
    if (subscriptions === undefined) {
      subscriptions = new Map();
      this.#partitions.set(partition, subscriptions);
    }
    let known = subscriptions.get(subscriptionId);
    if (known === undefined) {
      known = { lines: new Map(), members: new Map(), waiting: 0 };
      subscriptions.set(subscriptionId, known);
    }
    let line = known.lines.get(name);
    if (line === undefined) {
      const cancelTimer = () => {};
      const fresh = { members: [], head: 'idle', cancelTimer, isGone: false } as const;
      line = { name, subscriptionId, partition, ...fresh, members: [] };
      known.lines.set(name, line);
    }
    return line;
  }

  /** Puts a member in its place in its line: almost always at the end, and never before a head that is at work. */
  stand(member: Member): void {
    const { line } = member;
    const { members, head, partition, subscriptionId } = line;
    const first = head === 'running' || head === 'loading' ? 1 : 0;
    let at = members.length;
    for (let before = members[at - 1]; at > first && before !== undefined; before = members[at - 1]) {
      if (!isBefore(member, before)) break;
      at -= 1;
    }
    if (at === members.length) members.push(member);
    else members.splice(at, 0, member);
    const known = this.of(partition, subscriptionId);
    if (known === undefined) return;
    const { deliveryId, chain } = member.state;
    if ((known.members.get(deliveryId)?.state.chain ?? -1) <= chain) known.members.set(deliveryId, member);
    if (!member.isRefused) known.waiting += 1;
  }

  /** Takes a member out; a line without members is forgotten. False when it did not stand there any more. */
  remove(member: Member): boolean {
    const { line } = member;
    const at = line.members[0] === member ? 0 : line.members.lastIndexOf(member);
    if (at < 0) return false;
    if (at === 0) line.members.shift();
    else line.members.splice(at, 1);
    this.#forget(member);
    if (line.members.length === 0) this.#close(line);
    return true;
  }

  /** Takes a whole line away. */
  take(line: Line): readonly Member[] {
    const { members } = line;
    line.members = [];
    for (const member of members) this.#forget(member);
    this.#close(line);
    return members;
  }

  /** The partition is somebody else's. Returns what stood there. */
  drop(partition: number): readonly Line[] {
    const lines = this.linesIn(partition);
    this.#partitions.delete(partition);
    return lines;
  }

  #forget(member: Member): void {
    const { partition, subscriptionId } = member.line;
    const known = this.of(partition, subscriptionId);
    if (known === undefined) return;
    const { deliveryId } = member.state;
    if (known.members.get(deliveryId) === member) known.members.delete(deliveryId);
    if (!member.isRefused) known.waiting -= 1;
  }

  #close({ partition, subscriptionId, name }: Line): void {
    const subscriptions = this.#partitions.get(partition);
    const known = subscriptions?.get(subscriptionId);
    known?.lines.delete(name);
    if (known?.lines.size === 0) subscriptions?.delete(subscriptionId);
  }

  #sum(of: (lines: SubscriptionLines) => number): number {
    let sum = 0;
    for (const subscriptions of this.#partitions.values()) {
      for (const lines of subscriptions.values()) sum += of(lines);
    }
    return sum;
  }
}
