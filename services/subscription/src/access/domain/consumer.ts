import type { ConsumerId, ConsumerRecord, WorkspaceId } from '@tidings/contracts';
import { firstVersion, nextVersion, type Versioned } from '../../registry/domain/versioned.ts';

/** Details of a consumer. `contact` is how to reach its owners; it never leaves the registry. */
export type ConsumerDetails = Readonly<{ name: string | null; contact: string | null }>;

/** One version of a consumer. Its registry id includes the workspace, because the workspace chooses `consumerId`. */
export type Consumer = Versioned &
  Readonly<{
    consumerId: ConsumerId;
    state: 'active' | 'disabled' | 'deleted';
    details: ConsumerDetails;
    /** Tokens that were issued until then were signed out; null: none. */
    tokensEndedMs: number | null;
  }>;

/** Reference to a consumer by workspace and consumer id. */
export type ConsumerRef = Readonly<{ workspaceId: WorkspaceId; consumerId: ConsumerId }>;

/** Returns the id of a consumer that is unique across workspaces. No workspace id contains a slash. */
export const consumerKey = ({ workspaceId, consumerId }: ConsumerRef): string =>
  `${workspaceId}/${consumerId}`;

/** Returns version 1 of a consumer. */
export const beginConsumer = (ref: ConsumerRef, details: ConsumerDetails, nowMs: number): Consumer => ({
  ...firstVersion(nowMs),
  ...ref,
  id: consumerKey(ref),
  state: 'active',
  details,
  tokensEndedMs: null,
});

/** Restores a deleted consumer under its id, as a new version. */
export const reviveConsumer = (current: Consumer, details: ConsumerDetails, nowMs: number): Consumer =>
  nextVersion(current, { state: 'active', deletedAtMs: null, details }, nowMs);

/** Returns the consumer with other details or another state, or the same object if nothing changes. */
export function withDetails(
  current: Consumer,
  change: Readonly<{ details: Partial<ConsumerDetails>; isActive: boolean }>,
  nowMs: number,
): Consumer {
  const details = { ...current.details, ...change.details };
  const state = change.isActive ? 'active' : 'disabled';
  const isSame = JSON.stringify(details) === JSON.stringify(current.details) && state === current.state;
  return isSame ? current : nextVersion(current, { details, state }, nowMs);
}

/** Returns the record of this version for the other services. */
export const consumerRecord = (consumer: Consumer): ConsumerRecord => ({
  type: 'ConsumerChanged.v1',
  id: consumer.consumerId,
  workspaceId: consumer.workspaceId,
  version: consumer.version,
  state: consumer.state,
  name: consumer.details.name,
  // The tokens of a disabled consumer are refused, and a release before this one can read its record.
  ...(consumer.tokensEndedMs !== null &&
    consumer.state === 'active' && { tokensEndedMs: consumer.tokensEndedMs }),
});
