import type {
  DeadLetterReason,
  DeadLetterRef,
  DeadLetterSettled,
  SubscriptionId,
  SubscriptionRecord,
} from '@tidings/contracts';
import type { CreatedMessages } from '@tidings/observability';
import type { UndeliveredCount } from '../domain/undelivered-count.ts';
import type { PurgedByWorkspace } from '../purge-expired.ts';
import type {
  Content,
  DeadLetter,
  DeadLetterState,
  KeptContent,
  Settlement,
  Taken,
} from './domain/dead-letter.ts';
import type { DeadLetterFilters } from './domain/dead-letter-filters.ts';
import type { OffsetRange } from './domain/dead-letter-job.ts';

/** The position of a dead letter in a list: newest first, then by document key within the same millisecond. */
export type DeadLetterPosition = Readonly<{ recordedAtMs: number; key: string }>;

/** The number of dead letters of one kind, reason and state. */
export type DeadLetterCount = Readonly<{
  kind: DeadLetter['ref']['kind'];
  reason: DeadLetterReason;
  state: DeadLetterState;
  count: number;
  oldestAtMs: number;
}>;

/**
 * Dead letters in the read model. Every write is to single documents, and each that changes a state names the previous
 * one. All methods reject with AppError `unavailable` if the store cannot be reached.
 */
export type DeadLetterStore = Readonly<{
  /** Stores new dead letters with their content and returns them. Existing ones stay unchanged. */
  insert(
    deadLetters: readonly Readonly<{ deadLetter: DeadLetter; content: Content }>[],
  ): Promise<readonly DeadLetter[]>;
  read(refs: readonly DeadLetterRef[]): Promise<readonly DeadLetter[]>;
  /** Returns their contents by `deadLetterKey`. */
  readContents(refs: readonly DeadLetterRef[]): Promise<ReadonlyMap<string, Content>>;
  find(filters: DeadLetterFilters): Promise<DeadLetter | null>;
  list(
    filters: DeadLetterFilters,
    page: Readonly<{ limit: number; after: DeadLetterPosition | null }>,
  ): Promise<readonly DeadLetter[]>;
  /** Lists an offset range of one partition in the order of the topic. */
  listInOrder(filters: DeadLetterFilters, range: OffsetRange, limit: number): Promise<readonly DeadLetter[]>;
  count(filters: DeadLetterFilters): Promise<readonly DeadLetterCount[]>;
  /** Counts the matching dead letters in these ranges by subscription; without ranges, in all. */
  countBySubscription(
    filters: DeadLetterFilters,
    ranges?: readonly OffsetRange[],
  ): Promise<ReadonlyMap<SubscriptionId | null, number>>;
  /**
   * Counts the deliveries among them that are neither sent again nor discarded, by subscription and reason; `limit` of
   * them at most.
   */
  countUndelivered(filters: DeadLetterFilters, limit: number): Promise<readonly UndeliveredCount[]>;
  /** Counts the waiting dead letters of all workspaces, for the metrics. */
  countWaiting(): Promise<readonly DeadLetterCount[]>;
  /** waiting → redriving. */
  take(taken: readonly Readonly<{ ref: DeadLetterRef; taken: Taken }>[]): Promise<void>;
  /** redriving → waiting, for all dead letters of a job. */
  release(jobId: string): Promise<void>;
  /**
   * waiting, redriving → redriven or discarded. Returns the number of dead letters that are settled by this settlement,
   * including those to which its record in the topic was applied before.
   */
  settle(refs: readonly DeadLetterRef[], settlement: Settlement): Promise<number>;
  /** Applies the same change from records of the topic, each of which may be known already. */
  settleFrom(events: readonly DeadLetterSettled[]): Promise<void>;
  /** All states but discarded → delivered. */
  markDelivered(refs: readonly DeadLetterRef[]): Promise<void>;
  /** Removes the content and the detail of dead letters, in any state, and marks them. */
  erase(refs: readonly DeadLetterRef[]): Promise<void>;
}> &
  // By the time when they were recorded.
  PurgedByWorkspace;

/** The known fields of a subscription: whether it receives, since which version, and how. */
export type KnownSubscription = Pick<
  SubscriptionRecord,
  | 'id'
  | 'workspaceId'
  | 'state'
  | 'version'
  | 'enabledVersion'
  | 'onEnable'
  | 'format'
  | 'ordering'
  | 'largePayloads'
>;

/** The subscriptions by id; the table of the topic has this form. */
export type KnownSubscriptions = Pick<ReadonlyMap<string, KnownSubscription>, 'get' | 'values'>;

/**
 * Writes redrives and settlements of dead letters to the log. All methods resolve when every in-sync replica has the
 * records.
 */
export type DeadLetterJournal = Readonly<{
  /** Sends dead letters again in their order: commands to deliveries, poison records to their origin. */
  redrive(
    deadLetters: readonly Readonly<{
      deadLetter: DeadLetter;
      content: KeptContent;
      subscriptionVersion: number;
    }>[],
    messages?: CreatedMessages,
  ): Promise<void>;
  /** Writes the settlement of the dead letters behind them in the topic. */
  settle(deadLetters: readonly DeadLetter[], settlement: Settlement): Promise<void>;
}>;

/** Reads, by partition, the end of the topic (`end`) and the offset up to which it is in the store (`stored`). */
export type ReadEnds = () => Promise<ReadonlyMap<number, Readonly<{ end: number; stored: number }>>>;
