import { typeCondition } from '../../adapters/type-condition.ts';
import type { DeliveryFilters, ListPosition, StatusClass } from '../ports.ts';

/** Conditions of a query. Uses only operators that every MongoDB supports, the embedded one included. */
export type Conditions = Record<string, unknown>;

const timeCondition = ({ createdAfterMs, createdBeforeMs }: DeliveryFilters): Conditions => {
  if (createdAfterMs === undefined && createdBeforeMs === undefined) return {};
  return {
    created_at: {
      ...(createdAfterMs === undefined ? {} : { $gt: new Date(createdAfterMs) }),
      ...(createdBeforeMs === undefined ? {} : { $lt: new Date(createdBeforeMs) }),
    },
  };
};

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

const alternativesOf = ({ reason }: DeliveryFilters): readonly Conditions[] =>
  reason === undefined ? [] : [{ $or: [{ status_reason: reason }, { last_reason: reason }] }];

/** Returns the query conditions of the filters. */
export const conditionsOf = (filters: DeliveryFilters): Conditions => {
  const { workspaceId, eventId, subscriptionId, status, orderingKey, trigger } = filters;
  const alternatives = alternativesOf(filters);
  return {
    workspace_id: workspaceId,
    // The key begins with the event, so this is a range of the _id index, which always exists ('0' follows '/').
    ...(eventId === undefined ? {} : { _id: { $gt: `${eventId}/`, $lt: `${eventId}0` } }),
    ...(subscriptionId === undefined ? {} : { subscription_id: subscriptionId }),
    ...(status === undefined ? {} : { status }),
    ...(orderingKey === undefined ? {} : { ordering_key: orderingKey }),
    ...(trigger === undefined ? {} : { 'attempts.trigger': trigger }),
    ...eventTypeCondition(filters),
    ...statusClassCondition(filters.statusClass),
    ...consumerCondition(filters),
    ...timeCondition(filters),
    ...(alternatives.length === 0 ? {} : { $and: alternatives }),
  };
};

const behind = ({ createdAtMs, key }: ListPosition): Conditions => {
  const createdAt = new Date(createdAtMs);
  return { $or: [{ created_at: { $lt: createdAt } }, { created_at: createdAt, _id: { $lt: key } }] };
};

/** Returns the query conditions of the page after a position. */
export const pageConditions = (filters: DeliveryFilters, after: ListPosition | null): Conditions => ({
  ...conditionsOf(filters),
  ...(after === null ? {} : behind(after)),
});
