import type { ConsumerId, ConsumerRecord, WorkspaceId } from '@tidings/contracts';
import { firstVersion, nextVersion, type Versioned } from '../../registry/domain/versioned.ts';

/** What is said about a consumer. `contact` is where people reach it; it never leaves the registry. */
export type ConsumerDetails = Readonly<{ name: string | null; contact: string | null }>;

/** One version of a consumer. Its id in the registry names the workspace too: its own is the workspace's choice. */
export type Consumer = Versioned &
  Readonly<{
    consumerId: ConsumerId;
    state: 'active' | 'disabled' | 'deleted';
    details: ConsumerDetails;
  }>;

/** Where a consumer is, as the registry and the topic know it. */
export type ConsumerRef = Readonly<{ workspaceId: WorkspaceId; consumerId: ConsumerId }>;

/** The id of a consumer among those of all workspaces. No workspace id has a slash in it. */
export const consumerKey = ({ workspaceId, consumerId }: ConsumerRef): string =>
  `${workspaceId}/${consumerId}`;

/** Version 1. */
export const beginConsumer = (place: ConsumerRef, details: ConsumerDetails, nowMs: number): Consumer => ({
  ...firstVersion(nowMs),
  ...place,
  id: consumerKey(place),
  state: 'active',
  details,
});

/** A deleted one comes back under its id, as a new version. */
export const reviveConsumer = (current: Consumer, details: ConsumerDetails, nowMs: number): Consumer =>
  nextVersion(current, { state: 'active', deletedAtMs: null, details }, nowMs);

/** With other details, or switched on or off; the same object when nothing changes. */
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

/** The version as the services need it. */
export const consumerRecord = (consumer: Consumer): ConsumerRecord => ({
  type: 'ConsumerChanged.v1',
  id: consumer.consumerId,
  workspaceId: consumer.workspaceId,
  version: consumer.version,
  state: consumer.state,
  name: consumer.details.name,
});
