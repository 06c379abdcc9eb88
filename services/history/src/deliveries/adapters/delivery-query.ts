import { consumerId, eventId, eventTypeNamePattern, subscriptionId } from '@tidings/contracts';
import {
  decodeCursor,
  encodeCursor,
  type PageQuery,
  type Principal,
  pageParameters,
  queryOf,
  readTime,
  timeParameter,
} from '@tidings/http';
import { tenantScopeOf } from '../../adapters/tenant-scope.ts';
import { timePositionOf } from '../../adapters/time-position.ts';
import { type DeliveryStatus, deliveryStatuses } from '../domain/delivery.ts';
import type { DeliveryFilters, ListPosition } from '../ports.ts';

/** The query of the list. */
export type ListQuery = PageQuery &
  Readonly<{
    event_id?: string;
    subscription_id?: string;
    status?: DeliveryStatus;
    consumer_id?: string;
    event_type?: string;
    created_after?: string;
    created_before?: string;
  }>;

/** The schema of the list's query. */
export const listQuery = queryOf<ListQuery>({
  event_id: { type: 'string', pattern: '^evt_[0-9a-f]{32}$', description: 'Only those of this event.' },
  subscription_id: {
    type: 'string',
    pattern: '^sub_[0-9A-Za-z]{1,64}$',
    description: 'Only those to this subscription.',
  },
  status: { type: 'string', enum: deliveryStatuses, description: 'Only those with this current status.' },
  consumer_id: { type: 'string', minLength: 1, maxLength: 128, description: 'Only those to this consumer.' },
  event_type: {
    type: 'string',
    maxLength: 128,
    pattern: eventTypeNamePattern.source,
    description: 'Only those of events of this type.',
  },
  created_after: timeParameter('Only those created after this time.'),
  created_before: timeParameter('Only those created before this time.'),
  ...pageParameters,
});

const filtersOf = (query: ListQuery, principal: Principal): DeliveryFilters => {
  const { event_id, subscription_id, status, consumer_id, event_type, created_after, created_before } = query;
  return {
    ...tenantScopeOf(principal),
    ...(event_id === undefined ? {} : { eventId: eventId(event_id) }),
    ...(subscription_id === undefined ? {} : { subscriptionId: subscriptionId(subscription_id) }),
    ...(status === undefined ? {} : { status }),
    ...(consumer_id === undefined ? {} : { consumerId: consumerId(consumer_id) }),
    ...(event_type === undefined ? {} : { eventType: event_type }),
    ...(created_after === undefined ? {} : { createdAfterMs: readTime(created_after, 'created_after') }),
    ...(created_before === undefined ? {} : { createdBeforeMs: readTime(created_before, 'created_before') }),
  };
};

const positionOf = (value: unknown): ListPosition => {
  const [createdAtMs, key] = timePositionOf(value);
  return { createdAtMs, key };
};

/** A parsed list request; `cursorAt` writes the cursor of a position in this list. */
export type DeliveryQuery = Readonly<{
  filters: DeliveryFilters;
  limit: number;
  after: ListPosition | null;
  cursorAt: (position: ListPosition) => string;
}>;

/** Parses a query within the scope of a principal. Throws AppError `invalid-request` for a cursor of another list. */
export const readDeliveryQuery = (query: ListQuery, principal: Principal): DeliveryQuery => {
  const filters = filtersOf(query, principal);
  const { cursor, limit, ...given } = query;
  const binding = { workspaceId: principal.workspaceId, filters: { ...given, owner: filters.ownerId } };
  return {
    filters,
    limit,
    after: cursor === undefined ? null : positionOf(decodeCursor(cursor, binding)),
    cursorAt: ({ createdAtMs, key }) => encodeCursor([createdAtMs, key], binding),
  };
};
