import {
  consumerId,
  deadLetterReasons,
  deferralReasons,
  eventId,
  failureReasons,
  subscriptionId,
  suppressionReasons,
  type Trigger,
  triggers,
} from '@tidings/contracts';
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
import { typePatternSource } from '../../domain/type-pattern.ts';
import { type DeliveryStatus, deliveryStatuses } from '../domain/delivery.ts';
import { type DeliveryFilters, type ListPosition, type StatusClass, statusClasses } from '../ports.ts';

/** The query of the deliveries of one subscription. */
export type SubscriptionListQuery = PageQuery &
  Readonly<{
    event_id?: string;
    status?: DeliveryStatus;
    status_class?: StatusClass;
    reason?: string;
    consumer_id?: string;
    event_type?: string;
    ordering_key?: string;
    trigger?: Trigger;
    created_after?: string;
    created_before?: string;
  }>;

/** The query of the list. */
export type ListQuery = SubscriptionListQuery & Readonly<{ subscription_id?: string }>;

const reasons = [
  ...new Set<string>([...failureReasons, ...deadLetterReasons, ...suppressionReasons, ...deferralReasons]),
];

const filterParameters = {
  event_id: { type: 'string', pattern: '^evt_[0-9a-f]{32}$', description: 'Only those of this event.' },
  status: { type: 'string', enum: deliveryStatuses, description: 'Only those with this current status.' },
  status_class: {
    type: 'string',
    enum: statusClasses,
    description: 'Only those whose last response has such a status; `none`: no response was read.',
  },
  reason: {
    type: 'string',
    enum: reasons,
    description: 'Only those that ended, wait, or failed last for this reason.',
  },
  consumer_id: { type: 'string', minLength: 1, maxLength: 128, description: 'Only those to this consumer.' },
  event_type: {
    type: 'string',
    maxLength: 130,
    pattern: typePatternSource,
    description: 'Only those of events of this type, or of all types below it, such as `order.*`.',
  },
  ordering_key: {
    type: 'string',
    minLength: 1,
    maxLength: 256,
    description: 'Only those of events with this ordering key.',
  },
  trigger: { type: 'string', enum: triggers, description: 'Only those with an attempt of this trigger.' },
  created_after: timeParameter('Only those created after this time.'),
  created_before: timeParameter('Only those created before this time.'),
} as const;

/** The schema of the query of the deliveries of one subscription. */
export const subscriptionListQuery = queryOf<SubscriptionListQuery>({
  ...filterParameters,
  ...pageParameters,
});

/** The filters of deliveries, for a query and for the body of a request over many. */
export const deliveryFilterProperties = {
  subscription_id: {
    type: 'string',
    pattern: '^sub_[0-9A-Za-z]{1,64}$',
    description: 'Only those to this subscription.',
  },
  ...filterParameters,
} as const;

/** The schema of the list's query. */
export const listQuery = queryOf<ListQuery>({ ...deliveryFilterProperties, ...pageParameters });

/** The filters of deliveries as a caller gives them. */
export type DeliveryFilter = Omit<ListQuery, keyof PageQuery>;

/** Converts filters within the scope of a principal. */
export const deliveryFiltersOf = (query: DeliveryFilter, principal: Principal): DeliveryFilters => {
  const { event_id, subscription_id, status, status_class, reason, trigger } = query;
  const { consumer_id, event_type, ordering_key, created_after, created_before } = query;
  return {
    ...tenantScopeOf(principal),
    ...(event_id === undefined ? {} : { eventId: eventId(event_id) }),
    ...(subscription_id === undefined ? {} : { subscriptionId: subscriptionId(subscription_id) }),
    ...(status === undefined ? {} : { status }),
    ...(status_class === undefined ? {} : { statusClass: status_class }),
    ...(reason === undefined ? {} : { reason }),
    ...(trigger === undefined ? {} : { trigger }),
    ...(consumer_id === undefined ? {} : { consumerId: consumerId(consumer_id) }),
    ...(event_type === undefined ? {} : { eventType: event_type }),
    ...(ordering_key === undefined ? {} : { orderingKey: ordering_key }),
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
  const filters = deliveryFiltersOf(query, principal);
  const { cursor, limit, ...given } = query;
  const binding = { workspaceId: principal.workspaceId, filters: { ...given, owner: filters.ownerId } };
  return {
    filters,
    limit,
    after: cursor === undefined ? null : positionOf(decodeCursor(cursor, binding)),
    cursorAt: ({ createdAtMs, key }) => encodeCursor([createdAtMs, key], binding),
  };
};
