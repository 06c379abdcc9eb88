import type {
  AttemptRecorded,
  ConsumerId,
  SubscriptionId,
  SubscriptionRecord,
  WorkspaceId,
} from '@tidings/contracts';
import type { EndpointHealth } from './domain/endpoint-health.ts';
import type { Fault } from './domain/fault.ts';
import type { Subscription } from './domain/subscription.ts';
import type { SendOutcome } from './domain/test-attempt.ts';

/** How far a key sees: its workspace, and in it everything or one consumer. What lies outside does not exist for it. */
export type Reach = Readonly<{ workspaceId: WorkspaceId; consumerId: ConsumerId | null }>;

/** Which subscriptions a list shows. `patterns`: those that list at least one of these. */
export type ListQuery = Readonly<{
  consumerId: ConsumerId | null;
  patterns: readonly string[] | null;
  states: readonly Subscription['state'][];
  /** Only what comes after this id in the order of the list (newest first). */
  afterId: SubscriptionId | null;
  limit: number;
}>;

/** A page, and the id after which the next one begins; null on the last. Documents that cannot be read are left out. */
export type Listed = Readonly<{ items: readonly Subscription[]; nextAfterId: SubscriptionId | null }>;

/** A stretch of all subscriptions of all workspaces, in the order of their ids. */
export type Stretch = Readonly<{ afterId: SubscriptionId | null; limit: number }>;

/**
 * The registry. Writes are of single documents: `replace` is compare-and-set on the version. Every method rejects with
 * AppError `unavailable` when the database does not answer; the outcome of a write is then unknown.
 */
export type SubscriptionStore = Readonly<{
  /** False when the id is taken. */
  insert(subscription: Subscription): Promise<boolean>;
  /** Puts `next` in the place of version `expected`; false when that is not the stored one any more. */
  replace(next: Subscription, expected: number): Promise<boolean>;
  find(reach: Reach, id: SubscriptionId): Promise<Subscription | null>;
  list(reach: Reach, query: ListQuery): Promise<Listed>;
  /** How many a workspace has that are not deleted, counted no further than `atMost`. */
  count(workspaceId: WorkspaceId, atMost: number): Promise<number>;
  /** In any workspace: for the work that keeps topic and registry together. */
  findAnywhere(id: SubscriptionId): Promise<Subscription | null>;
  listAll(stretch: Stretch): Promise<Listed>;
  listUnpublished(stretch: Stretch): Promise<Listed>;
  /** Those with a secret that has ended. */
  listWithEndedSecrets(stretch: Stretch & Readonly<{ nowMs: number }>): Promise<Listed>;
  listDeletedBefore(stretch: Stretch & Readonly<{ deletedBeforeMs: number }>): Promise<Listed>;
  /** Notes that the topic has acknowledged this version; does nothing when there is a newer one. */
  markPublished(id: SubscriptionId, version: number): Promise<void>;
  /** Removes a deleted one for good; does nothing when that is not the stored version. */
  purge(id: SubscriptionId, version: number): Promise<void>;
}>;

/** The health of endpoints. `replace` is compare-and-set on `rev`. Rejects with AppError `unavailable` as the others do. */
export type HealthStore = Readonly<{
  find(id: SubscriptionId): Promise<EndpointHealth | null>;
  findMany(ids: readonly SubscriptionId[]): Promise<ReadonlyMap<SubscriptionId, EndpointHealth>>;
  /** False when there is one already. */
  insert(health: EndpointHealth): Promise<boolean>;
  /** Puts `health` in the place of the revision before it; false when that is not the stored one any more. */
  replace(health: EndpointHealth): Promise<boolean>;
  remove(id: SubscriptionId): Promise<void>;
}>;

/** The compacted topic. Both resolve when all in-sync replicas have it; a rejection means unknown. */
export type SubscriptionTopic = Readonly<{
  publish(record: SubscriptionRecord): Promise<void>;
  publishTombstone(id: SubscriptionId): Promise<void>;
}>;

/** What a POST with an Idempotency-Key was answered. The body is without the secret, which stays sealed. */
export type KeptAnswer = Readonly<{ bodyJson: string; version: number; sealedSecret: string | null }>;

/** One Idempotency-Key in use. `claim` names the run that works on it. */
export type IdempotencyEntry = Readonly<{
  id: string;
  /** Of the request: another one under the same key is refused. */
  fingerprint: string;
  /** Reserved before anything is written, so that a run after a crash finds what the first one wrote. */
  subscriptionId: SubscriptionId;
  claim: string;
  /** A run that has not answered by then is taken for dead. */
  claimedUntilMs: number;
  expiresAtMs: number;
  answer: KeptAnswer | null;
}>;

/** The memory of POSTs. Every method rejects with AppError `unavailable` when the database does not answer. */
export type IdempotencyStore = Readonly<{
  /** Keeps the entry if there is none of its id; else answers the one that is there. */
  claim(entry: IdempotencyEntry): Promise<IdempotencyEntry | null>;
  /** Puts `entry` in the place of the one that `claim` held; false when another run did so first. */
  takeOver(entry: IdempotencyEntry, claim: string): Promise<boolean>;
  complete(entry: IdempotencyEntry, answer: KeptAnswer): Promise<void>;
  /** Ends the claim of a run that failed, keeping the id it reserved: it may have written something. */
  endClaim(entry: IdempotencyEntry): Promise<void>;
  /** Forgets a run that wrote nothing. */
  release(entry: IdempotencyEntry): Promise<void>;
  /** Forgets up to `limit` entries that have expired, and says how many. */
  sweepExpired(nowMs: number, limit: number): Promise<number>;
}>;

/** A request to an endpoint that a partner chose. `timeoutMs` bounds all of it. */
export type OutgoingRequest = Readonly<{
  url: string;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  timeoutMs: number;
}>;

/** Sends through the guarded client. Rejects with AppError `unavailable` only when the request was given up by us. */
export type SendRequest = (request: OutgoingRequest) => Promise<SendOutcome>;

/** Puts a fact on the attempts topic; rejects when the brokers have not acknowledged it within a second. */
export type RecordAttempt = (attempt: AttemptRecorded, traceparent: string) => Promise<void>;

/** What is wrong with an endpoint's URL, in sentences that its owner may read. */
export type CheckEndpoint = (url: string) => Promise<readonly string[]>;

/** What is wrong with a header that goes with every request, or null. Never quotes its value. */
export type CheckHeader = (name: string, value: string) => string | null;

/** What is wrong with a filter; pointers begin at the filter itself. */
export type CheckFilter = (filter: Readonly<Record<string, unknown>>) => readonly Fault[];
