import type {
  AttemptRecorded,
  DeliveryRequested,
  OrderingEntry,
  PhaseTimings,
  RequestOutcome,
  SubscriptionRecord,
} from '@tidings/contracts';
import type { Mask, RequestKeys } from '@tidings/webhook-request';
import type { ConcludedAttempt } from './domain/attempt.ts';
import type { Job } from './domain/in-flight.ts';
import type { QueueEntry } from './domain/ordered-queue.ts';
import type { Resolution } from './domain/resolution.ts';

/** The newest known version of each subscription. */
export type SubscriptionDirectory = Readonly<{
  find(id: string): SubscriptionRecord | undefined;
  /** Marks a version as disabled in this process after a 410, before the registry has recorded it. */
  markGone(id: string, version: number): void;
}>;

/** TLS settings of an endpoint besides the public authorities, in PEM. One object per version of a subscription. */
type TlsMaterial = Readonly<{ ca?: string; cert?: string; key?: string }>;

/**
 * The keys that sign a request, the TLS settings of its connection (null: defaults), and the mask
 * that removes its secrets from a response.
 */
export type SigningKeys = RequestKeys & Readonly<{ tls: TlsMaterial | null; mask: Mask }>;

/**
 * Returns the keys of a subscription. Null when its secrets or headers cannot be opened (a sealing key is
 * missing): nothing may then be sent, not even unsigned.
 */
export type FindSigningKeys = (subscription: SubscriptionRecord, nowMs: number) => SigningKeys | null;

export type DeliveryRequest = Readonly<{
  url: string;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  timeoutMs: number;
  mask: Mask;
  tls?: TlsMaterial;
}>;

/** Makes one request. Never rejects: every failure is an outcome. */
export type SendRequest = (request: DeliveryRequest) => Promise<RequestOutcome>;

/**
 * Writes a resolution: first the follow-up, then the attempt event. Resolves when every in-sync replica has
 * both, with the offset of the job's new entry, if it has one. Rejects with AppError `closed` at shutdown; it
 * is then unknown which records were written.
 */
export type Journal = Readonly<{
  write(resolution: Resolution, job: Job): Promise<bigint | null>;
  /** Writes the attempt event alone, for a job whose partition was reassigned. */
  writeAttemptEvent(resolution: Resolution, job: Job): Promise<void>;
}>;

/** One record of the changelog: an entry, or (null) its tombstone. */
export type ChangelogRecord = Readonly<{
  partition: number;
  key: string;
  offset: bigint;
  value: Readonly<{ entry: OrderingEntry; command: DeliveryRequested }> | null;
}>;

/** The changelog of ordered queues. Writes to one partition keep the order of the calls. */
export type OrderingChangelog = Readonly<{
  /**
   * Writes the current state of an entry, and an attempt event that announces its
   * wait, if given. Resolves with its offset.
   */
  put(entry: QueueEntry, body: Buffer, attemptEvent: AttemptRecorded | null): Promise<bigint>;
  /** Writes the tombstone of an entry. Never rejects: an entry that remains is recognised when it is restored. */
  remove(entry: QueueEntry): void;
  /**
   * Reads every record of the partitions, from the given offsets (or the
   * beginning) to the end or up to `length` offsets.
   */
  read(
    from: ReadonlyMap<number, bigint>,
    onRecord: (record: ChangelogRecord) => void,
    length?: number,
  ): Promise<void>;
}>;

/** Receives each attempt once it is recorded, for logs and metrics. */
export type ReportAttempt = (
  attempted: ConcludedAttempt,
  about: Readonly<{ job: Job; resolution: Resolution; timings: PhaseTimings; detail: string | null }>,
) => void;
