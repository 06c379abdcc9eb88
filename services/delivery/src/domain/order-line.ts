import type { DeliveryId, DeliveryState, SubscriptionRecord } from '@tidings/contracts';
import type { Completable } from './completable.ts';

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
export const isBefore = (a: Member, b: Member): boolean =>
  a.sequence < b.sequence || (a.sequence === b.sequence && a.state.chain < b.state.chain);

/** True when `later` is the same delivery as `earlier`, sent once more by a person. */
export const isRepeatOf = (later: Member, earlier: Member): boolean =>
  later.state.deliveryId === earlier.state.deliveryId && later.state.chain > earlier.state.chain;
