import type { DeadLetterFilters, DeadLetterScope } from '../domain/dead-letter-filters.ts';
import type { OffsetRange } from '../domain/dead-letter-job.ts';
import type { DeadLetterPosition } from '../ports.ts';

/** Conditions of a query. Uses only operators that every MongoDB supports, the embedded one included. */
export type Conditions = Record<string, unknown>;

const scopeConditions = ({ workspaceId, ownerId, poison }: DeadLetterScope): Conditions => ({
  workspace_id: poison === 'nobodys' ? { $in: [workspaceId, null] } : workspaceId,
  ...(ownerId === null ? {} : { consumer_id: ownerId }),
});

const kindCondition = ({ kind, poison }: DeadLetterFilters): Conditions => {
  if (poison !== 'none') return kind === undefined ? {} : { kind };
  return { kind: kind === 'poison' ? { $in: [] } : 'delivery' };
};

const consumerCondition = ({ consumerId, ownerId }: DeadLetterFilters): Conditions => {
  if (consumerId === undefined) return {};
  return { consumer_id: ownerId !== null && ownerId !== consumerId ? { $in: [] } : consumerId };
};

const timeCondition = ({ recordedAfterMs, recordedBeforeMs }: DeadLetterFilters): Conditions => {
  if (recordedAfterMs === undefined && recordedBeforeMs === undefined) return {};
  return {
    recorded_at: {
      ...(recordedAfterMs === undefined ? {} : { $gt: new Date(recordedAfterMs) }),
      ...(recordedBeforeMs === undefined ? {} : { $lt: new Date(recordedBeforeMs) }),
    },
  };
};

const eventCondition = ({ eventId, kind, poison }: DeadLetterFilters): Conditions => {
  if (eventId === undefined) return {};
  // The key of a delivery begins with the event, so this is a range of the _id index, which always exists ('0' follows
  // '/').
  const ofDeliveries = { _id: { $gt: `${eventId}/`, $lt: `${eventId}0` } };
  const ofPoison = { kind: 'poison', event_id: eventId };
  if (poison === 'none' || kind === 'delivery') return ofDeliveries;
  return kind === 'poison' ? ofPoison : { $or: [ofDeliveries, ofPoison] };
};

/** Returns the query conditions of the filters. */
export const conditionsOf = (filters: DeadLetterFilters): Conditions => ({
  ...scopeConditions(filters),
  ...kindCondition(filters),
  ...consumerCondition(filters),
  ...timeCondition(filters),
  ...eventCondition(filters),
  ...(filters.id === undefined ? {} : { letter_id: filters.id }),
  ...(filters.states === undefined ? {} : { state: { $in: [...filters.states] } }),
  ...(filters.reasons === undefined ? {} : { reason: { $in: [...filters.reasons] } }),
  ...(filters.subscriptionId === undefined ? {} : { subscription_id: filters.subscriptionId }),
  ...(filters.eventType === undefined ? {} : { event_type: filters.eventType }),
  ...(filters.subscriptionVersionBelow === undefined
    ? {}
    : { subscription_version: { $lt: filters.subscriptionVersionBelow } }),
});

/** Matches the records in an offset range. */
export const within = ({ partition, next, end }: OffsetRange): Conditions => ({
  partition,
  // The first offset is 0, and "greater or equal" is not available here.
  offset: { $gt: next - 1, $lt: end },
});

/** Matches the records in any of these ranges. */
export const withinAny = (ranges: readonly OffsetRange[]): Conditions => {
  const open = ranges.filter(({ next, end }) => next < end).map(within);
  return open.length === 0 ? { _id: { $in: [] } } : { $or: open };
};

/** Matches the entries of a list after a position. */
export const behind = ({ recordedAtMs, key }: DeadLetterPosition): Conditions => {
  const recordedAt = new Date(recordedAtMs);
  return { $or: [{ recorded_at: { $lt: recordedAt } }, { recorded_at: recordedAt, _id: { $lt: key } }] };
};
