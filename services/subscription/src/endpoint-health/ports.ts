import type { AttemptRecorded, OperationalEvent, SubscriptionId } from '@tidings/contracts';
import type { Mask } from '@tidings/webhook-request';
import type { SendOutcome } from '../subscriptions/domain/test-attempt.ts';
import type { EndpointHealth } from './domain/endpoint-health.ts';

/** The health of endpoints. Rejects with AppError `unavailable` as the others do. */
export type HealthStore = Readonly<{
  find(id: SubscriptionId): Promise<EndpointHealth | null>;
  findMany(ids: readonly SubscriptionId[]): Promise<ReadonlyMap<SubscriptionId, EndpointHealth>>;
  /**
   * Puts each in the place of the revision before it, `rev` 1 where there is none yet. False when one of them could not
   * be: the revision before it is not the stored one any more. Which of them are written then has to be read.
   */
  write(all: readonly EndpointHealth[]): Promise<boolean>;
  remove(id: SubscriptionId): Promise<void>;
}>;

/** A request to an endpoint that a partner chose. `timeoutMs` bounds all of it. */
export type OutgoingRequest = Readonly<{
  method?: 'POST' | 'OPTIONS';
  url: string;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  timeoutMs: number;
  /** Takes the secrets of the request out of an answer; nothing is masked without it. */
  mask?: Mask;
  /** What TLS uses besides the public authorities, in PEM. */
  tls?: Readonly<{ ca?: string; cert?: string; key?: string }>;
}>;

/** Sends through the guarded client. Rejects with AppError `unavailable` only when the request was given up by us. */
export type SendRequest = (request: OutgoingRequest) => Promise<SendOutcome>;

/** Puts a fact on the attempts topic; rejects when the brokers have not acknowledged it within a second. */
export type RecordAttempt = (attempt: AttemptRecorded, traceparent: string) => Promise<void>;

/** Puts events on the events topic; rejects when the brokers have not acknowledged all of them within seconds. */
export type PublishOperationalEvents = (events: readonly OperationalEvent[]) => Promise<void>;
