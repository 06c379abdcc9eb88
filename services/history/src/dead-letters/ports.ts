import type {
  DeadLetterReason,
  DeadLetterRef,
  DeadLetterSettled,
  SubscriptionId,
  SubscriptionRecord,
} from '@tidings/contracts';
import type { Content, DeadLetter, DeadLetterState, Settlement, Taken } from './domain/dead-letter.ts';
import type { DeadLetterFilters } from './domain/dead-letter-filters.ts';
import type { DeadLetterJob, OffsetRange } from './domain/dead-letter-job.ts';

/** The place of a dead letter in a list: newest first, by the key of its document where two are of one millisecond. */
export type DeadLetterPosition = Readonly<{ recordedAtMs: number; key: string }>;

/** How many there are of one kind, reason and state. */
export type DeadLetterCount = Readonly<{
  kind: DeadLetter['ref']['kind'];
  reason: DeadLetterReason;
  state: DeadLetterState;
  count: number;
  oldestAtMs: number;
}>;

/**
 * Dead letters in the read model. Every write is to single documents, and each that changes a state names the state it
 * comes from. All reject with AppError `unavailable` when it cannot be reached.
 */
export type DeadLetterStore = Readonly<{
  /** Stores those that are new, with what they hold; answers them. Those that were there already stay as they are. */
  insert(
    deadLetters: readonly Readonly<{ deadLetter: DeadLetter; content: Content }>[],
  ): Promise<readonly DeadLetter[]>;
  read(refs: readonly DeadLetterRef[]): Promise<readonly DeadLetter[]>;
  /** What they hold, by `deadLetterKey`. */
  readContents(refs: readonly DeadLetterRef[]): Promise<ReadonlyMap<string, Content>>;
  find(filters: DeadLetterFilters): Promise<DeadLetter | null>;
  list(
    filters: DeadLetterFilters,
    page: Readonly<{ limit: number; after: DeadLetterPosition | null }>,
  ): Promise<readonly DeadLetter[]>;
  /** A stretch of one partition in the order of the topic. */
  listInOrder(filters: DeadLetterFilters, range: OffsetRange, limit: number): Promise<readonly DeadLetter[]>;
  count(filters: DeadLetterFilters): Promise<readonly DeadLetterCount[]>;
  /** How many of these stretches the filters let through, by subscription; all stretches when there are none given. */
  countBySubscription(
    filters: DeadLetterFilters,
    ranges?: readonly OffsetRange[],
  ): Promise<ReadonlyMap<SubscriptionId | null, number>>;
  /** Of all workspaces, those that wait: for the metrics. */
  countWaiting(): Promise<readonly DeadLetterCount[]>;
  /** waiting → redriving. */
  take(taken: readonly Readonly<{ ref: DeadLetterRef; taken: Taken }>[]): Promise<void>;
  /** redriving → waiting, of all that a job has. */
  release(jobId: string): Promise<void>;
  /** waiting, redriving → redriven or discarded; answers how many that were. */
  settle(refs: readonly DeadLetterRef[], settlement: Settlement): Promise<number>;
  /** The same from facts of the topic, each of which may be known already. */
  settleFrom(events: readonly DeadLetterSettled[]): Promise<void>;
  /** All states but discarded → delivered. */
  markDelivered(refs: readonly DeadLetterRef[]): Promise<void>;
  /** Removes up to `limit` that were recorded before that time; answers how many. */
  purge(recordedBeforeMs: number, limit: number): Promise<number>;
}>;

/** What a job is found by from outside. */
export type JobScope = Pick<DeadLetterJob, 'workspaceId' | 'ownerId'>;

/** The place of a job in a list. */
export type JobPosition = Readonly<{ createdAtMs: number; id: string }>;

/** Jobs in the read model. Writes of a run name its claim: one that was taken for dead changes nothing. */
export type JobStore = Readonly<{
  /** False when there is one of that id. */
  insert(job: DeadLetterJob): Promise<boolean>;
  find(id: string, scope: JobScope): Promise<DeadLetterJob | null>;
  /** Newest first. */
  list(
    scope: JobScope,
    page: Readonly<{ limit: number; after: JobPosition | null }>,
  ): Promise<readonly DeadLetterJob[]>;
  /** Those of these ids that there are. */
  known(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** The stretches of one, whoever it belongs to. */
  findAnywhere(id: string): Promise<DeadLetterJob | null>;
  /** Open ones that no living run has. */
  listDue(nowMs: number, limit: number): Promise<readonly DeadLetterJob[]>;
  /** Puts a new claim in the place of the one that is stored; false when another run was faster. */
  claim(job: DeadLetterJob, claim: Pick<DeadLetterJob, 'claim' | 'claimedUntilMs'>): Promise<boolean>;
  /** Writes where the job stands, but not over a cancellation; false when the claim is lost. */
  save(job: DeadLetterJob): Promise<boolean>;
  /** running → cancelled; false when it was not running. */
  cancel(id: string, endedAtMs: number): Promise<boolean>;
  /** Removes up to `limit` that ended before that time. */
  purge(endedBeforeMs: number, limit: number): Promise<number>;
}>;

/** What is known of subscriptions here: whether they receive, and since which version. */
export type KnownSubscription = Pick<
  SubscriptionRecord,
  'id' | 'workspaceId' | 'state' | 'version' | 'enabledVersion' | 'onEnable'
>;

/** The table of subscriptions. */
export type SubscriptionDirectory = Readonly<{
  find(id: string): KnownSubscription | undefined;
  values(): Iterable<KnownSubscription>;
}>;

/** Puts what is done with dead letters into the log. All resolve when every in-sync replica has it. */
export type DeadLetterJournal = Readonly<{
  /** Sends letters again, in their order: commands to deliveries, poison to where it came from. */
  redrive(
    deadLetters: readonly Readonly<{
      deadLetter: DeadLetter;
      content: Content;
      subscriptionVersion: number;
    }>[],
  ): Promise<void>;
  /** Says behind the letters what was done with them. */
  settle(deadLetters: readonly DeadLetter[], settlement: Settlement): Promise<void>;
}>;

/** How far the topic reaches (`end`), and how far it has been read into the store (`stored`), by partition. */
export type ReadEnds = () => Promise<ReadonlyMap<number, Readonly<{ end: number; stored: number }>>>;
