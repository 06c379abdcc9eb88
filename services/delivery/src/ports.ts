import type {
  AttemptRecorded,
  DeliveryHeld,
  DeliveryRequested,
  SubscriptionRecord,
} from '@tidings/contracts';
import type { Mask, RequestKeys } from '@tidings/webhook-request';
import type { ConcludedAttempt, SendOutcome, SendTimings } from './domain/attempt.ts';
import type { Job } from './domain/in-flight.ts';
import type { QueueEntry } from './domain/ordered-queue.ts';
import type { Resolution } from './domain/resolution.ts';

/** The newest known version of each subscription. */
export type SubscriptionDirectory = Readonly<{
  find(id: string): SubscriptionRecord | undefined;
  /** The endpoint said that it is gone: this version counts as disabled here, before the registry says so. */
  markGone(id: string, version: number): void;
}>;

/** What TLS to an endpoint uses besides the public authorities, in PEM. One object for each version of a subscription. */
type TlsMaterial = Readonly<{ ca?: string; cert?: string; key?: string }>;

/**
 * What a request is signed with, what its connection shows and trusts (null: nothing of its own), and what takes its secrets
 * out of an answer.
 */
export type SigningKeys = RequestKeys & Readonly<{ tls: TlsMaterial | null; mask: Mask }>;

/** Null when the secrets or headers cannot be opened here (a sealing key is missing): nothing may then be sent, let alone unsigned. */
export type FindSigningKeys = (subscription: SubscriptionRecord, nowMs: number) => SigningKeys | null;

export type DeliveryRequest = Readonly<{
  url: string;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  timeoutMs: number;
  mask: Mask;
  tls?: TlsMaterial;
}>;

/** Makes one request. Never rejects: whatever happens is an outcome. */
export type SendRequest = (request: DeliveryRequest) => Promise<SendOutcome>;

/**
 * Writes all that a verdict says: first what follows, then the fact. Resolves when every in-sync replica has both, with
 * the place of the job's new entry if it got one; rejects with AppError `closed` at shutdown, and then nobody knows
 * what is there.
 */
export type Journal = Readonly<{
  write(resolution: Resolution, job: Job): Promise<bigint | null>;
  /** The fact alone, of a job whose partition belongs to somebody else by now. */
  writeAttemptEvent(resolution: Resolution, job: Job): Promise<void>;
}>;

/** One record of the changelog: an entry, or (null) the end of one. */
export type ChangelogRecord = Readonly<{
  partition: number;
  key: string;
  offset: bigint;
  value: Readonly<{ held: DeliveryHeld; command: DeliveryRequested }> | null;
}>;

/** The changelog of what waits in lines. Writes of one partition keep the order of the calls. */
export type OrderingChangelog = Readonly<{
  /** Writes a member as it is now; the fact, if any, tells partners that it waits. Resolves with its place. */
  put(entry: QueueEntry, body: Buffer, attemptEvent: AttemptRecorded | null): Promise<bigint>;
  /** Ends an entry. Never rejects: one that stays is recognised when it is restored. */
  remove(entry: QueueEntry): void;
  /** Every record of the partitions, from the given places (or the beginning) to the end or `length` further. */
  read(
    from: ReadonlyMap<number, bigint>,
    onRecord: (record: ChangelogRecord) => void,
    length?: number,
  ): Promise<void>;
}>;

/** Told about each attempt once it is recorded, for logs and metrics. */
export type ReportAttempt = (
  attempted: ConcludedAttempt,
  about: Readonly<{ job: Job; resolution: Resolution; timings: SendTimings; detail: string | null }>,
) => void;
