import type { DeliveryRequested, EventAccepted } from '@tidings/contracts';
import type { Delivery } from '../deliveries/domain/delivery.ts';

/**
 * The newest retry of a delivery, kept until its attempts are in the read model: two retries in quick succession
 * then get different chains. `runId` is the request's: a repeat of it continues with the same chain.
 */
export type RequestedRetry = Readonly<{ chain: number; runId: string; atMs: number }>;

/**
 * Requested retries by `documentKey` of their delivery. Every write is to single documents. All methods reject with
 * AppError `unavailable` if the store cannot be reached.
 */
export type RetryStore = Readonly<{
  find(key: string): Promise<RequestedRetry | null>;
  /** Replaces `previous`; returns false if another request has replaced it first. */
  replace(key: string, previous: RequestedRetry | null, retry: RequestedRetry): Promise<boolean>;
  /** Removes up to `limit` that were requested before that time; returns their number. */
  purge(requestedBeforeMs: number, limit: number): Promise<number>;
}>;

/** An event as it is in the log. `acceptedAtMs` is the time when it was written there. */
export type LoggedEvent = Readonly<{ event: EventAccepted; acceptedAtMs: number }>;

/** An event that cannot be read any more; `oldestAtMs` is the time of the oldest event that can. */
export type UnavailableEvent = Readonly<{ oldestAtMs: number | null }>;

/** Reads the event of a delivery from the log. Rejects with AppError `unavailable` if the brokers do not respond. */
export type ReadEvent = (
  delivery: Pick<Delivery, 'eventId' | 'workspaceId'>,
) => Promise<LoggedEvent | UnavailableEvent>;

/** Writes a command to the log; resolves when every in-sync replica has it. */
export type SendCommand = (command: DeliveryRequested) => Promise<void>;
