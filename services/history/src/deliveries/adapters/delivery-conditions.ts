import type { EventId } from '@tidings/contracts';
import { type Conditions, followingIn, timeBetween } from '../../adapters/list-conditions.ts';
import { typeCondition } from '../../adapters/type-condition.ts';
import type { DeliveryFilters, ListPage, StatusClass } from '../ports.ts';

const consumerCondition = ({ consumerId, ownerId }: DeliveryFilters): Conditions => {
  const wanted = consumerId ?? ownerId;
  if (wanted === null) return {};
  const isOthers = ownerId !== null && wanted !== ownerId;
  return { consumer_id: isOthers ? { $in: [] } : wanted };
};

const eventTypeCondition = ({ eventType }: DeliveryFilters): Conditions => {
  const condition = eventType === undefined ? undefined : typeCondition(eventType);
  return condition === undefined ? {} : { event_type: condition };
};

const statusClassCondition = (statusClass: StatusClass | undefined): Conditions => {
  if (statusClass === undefined) return {};
  if (statusClass === 'none') return { last_status_code: null };
  const hundreds = Number(statusClass[0]) * 100;
  // "Greater or equal" is not available here.
  return { last_status_code: { $gt: hundreds - 1, $lt: hundreds + 100 } };
};

const alternativesOf = ({ reason, trigger }: DeliveryFilters): readonly Conditions[] => [
  ...(reason === undefined ? [] : [{ $or: [{ status_reason: reason }, { last_reason: reason }] }]),
  // The second is for documents of earlier releases.
  ...(trigger === undefined ? [] : [{ $or: [{ triggers: trigger }, { 'attempts.trigger': trigger }] }]),
];

// The key begins with the event, so this is a range of the _id index, which always exists ('0' follows '/').
const ofEvent = (eventId: EventId): Conditions => ({ _id: { $gt: `${eventId}/`, $lt: `${eventId}0` } });

/** Returns the conditions of the deliveries of any of these events. */
export const ofEvents = (events: readonly EventId[]): Conditions => {
  const [first, ...others] = events.map(ofEvent);
  return first === undefined
    ? { _id: { $in: [] } }
    : others.length === 0
      ? first
      : { $or: [first, ...others] };
};

/** Returns the query conditions of the filters. */
export const conditionsOf = (filters: DeliveryFilters): Conditions => {
  const { workspaceId, eventId, subscriptionId, status, orderingKey } = filters;
  const alternatives = alternativesOf(filters);
  return {
    workspace_id: workspaceId,
    ...(eventId === undefined ? {} : ofEvent(eventId)),
    ...(subscriptionId === undefined ? {} : { subscription_id: subscriptionId }),
    ...(status === undefined ? {} : { status }),
    ...(orderingKey === undefined ? {} : { ordering_key: orderingKey }),
    ...eventTypeCondition(filters),
    ...statusClassCondition(filters.statusClass),
    ...consumerCondition(filters),
    ...timeBetween('created_at', filters.createdAfterMs, filters.createdBeforeMs),
    ...(alternatives.length === 0 ? {} : { $and: alternatives }),
  };
};

/** Returns the query conditions of the page after a position. */
export const pageConditions = (
  filters: DeliveryFilters,
  { after, isOldestFirst = false }: Pick<ListPage, 'after' | 'isOldestFirst'>,
): Conditions => ({
  ...conditionsOf(filters),
  ...(after === null
    ? {}
    : followingIn('created_at', { timeMs: after.createdAtMs, key: after.key }, isOldestFirst)),
});
