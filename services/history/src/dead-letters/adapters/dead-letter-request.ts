import {
  consumerId,
  type DeadLetterReason,
  deadLetterId,
  deadLetterReasons,
  eventId,
  eventTypeNamePattern,
  subscriptionId,
} from '@tidings/contracts';
import {
  decodeCursor,
  encodeCursor,
  type JsonSchema,
  type PageQuery,
  type Principal,
  pageParameters,
  queryOf,
  readTime,
  timeParameter,
} from '@tidings/http';
import { tenantScopeOf } from '../../adapters/tenant-scope.ts';
import { timePositionOf } from '../../adapters/time-position.ts';
import {
  type DeadLetter,
  type DeadLetterState,
  deadLetterKinds,
  deadLetterStates,
} from '../domain/dead-letter.ts';
import type { DeadLetterFilters, DeadLetterScope } from '../domain/dead-letter-filters.ts';
import type { DeadLetterPosition } from '../ports.ts';

/** Filters of dead letters, in a query or in the `filter` of a body. */
export type DeadLetterFilter = Readonly<{
  event_id?: string;
  subscription_id?: string;
  consumer_id?: string;
  event_type?: string;
  reason?: DeadLetterReason;
  kind?: DeadLetter['ref']['kind'];
  recorded_after?: string;
  recorded_before?: string;
}>;

/** The fields of a filter. */
export const filterProperties: Readonly<Record<keyof DeadLetterFilter, JsonSchema>> = {
  event_id: { type: 'string', pattern: '^evt_[0-9a-f]{32}$', description: 'Only those of this event.' },
  subscription_id: {
    type: 'string',
    pattern: '^sub_[0-9A-Za-z]{1,64}$',
    description: 'Only those to this subscription.',
  },
  consumer_id: { type: 'string', minLength: 1, maxLength: 128, description: 'Only those to this consumer.' },
  event_type: {
    type: 'string',
    maxLength: 128,
    pattern: eventTypeNamePattern.source,
    description: 'Only those of events of this type.',
  },
  reason: { type: 'string', enum: deadLetterReasons, description: 'Only those with this reason.' },
  kind: {
    type: 'string',
    enum: deadLetterKinds,
    description:
      '`delivery`: an undelivered delivery. `poison`: a record that could not be processed; requires the scope admin.',
  },
  recorded_after: timeParameter('Only those recorded after this time.'),
  recorded_before: timeParameter('Only those recorded before this time.'),
};

type StateFilter = Readonly<{ state?: DeadLetterState }>;

const stateProperty: JsonSchema = {
  type: 'string',
  enum: deadLetterStates,
  description: 'Only those currently in this state.',
};

/** The query of the list. */
export const deadLetterListQuery = queryOf<DeadLetterFilter & StateFilter & PageQuery>({
  ...filterProperties,
  state: stateProperty,
  ...pageParameters,
});

/** The query of the counts. */
export const deadLetterCountQuery = queryOf<DeadLetterFilter & StateFilter>({
  ...filterProperties,
  state: stateProperty,
});

/**
 * Returns the scope of a principal. Only the admins of a workspace see poison records, never the keys of one consumer.
 */
export const deadLetterScopeOf = (principal: Principal): DeadLetterScope => {
  const { consumerId: consumer, scopes } = principal;
  const isAdmin = consumer === null && scopes.has('admin');
  const poison = !isAdmin ? 'none' : scopes.has('platform') ? 'nobodys' : 'own';
  return { ...tenantScopeOf(principal), poison };
};

/** Converts a filter within the scope of a principal. */
export const deadLetterFiltersOf = (
  filter: DeadLetterFilter & StateFilter,
  principal: Principal,
): DeadLetterFilters => {
  const { event_id, subscription_id, consumer_id, event_type, reason, kind, state } = filter;
  const { recorded_after, recorded_before } = filter;
  return {
    ...deadLetterScopeOf(principal),
    ...(event_id === undefined ? {} : { eventId: eventId(event_id) }),
    ...(subscription_id === undefined ? {} : { subscriptionId: subscriptionId(subscription_id) }),
    ...(consumer_id === undefined ? {} : { consumerId: consumerId(consumer_id) }),
    ...(event_type === undefined ? {} : { eventType: event_type }),
    ...(reason === undefined ? {} : { reasons: [reason] }),
    ...(kind === undefined ? {} : { kind }),
    ...(state === undefined ? {} : { states: [state] }),
    ...(recorded_after === undefined ? {} : { recordedAfterMs: readTime(recorded_after, 'recorded_after') }),
    ...(recorded_before === undefined
      ? {}
      : { recordedBeforeMs: readTime(recorded_before, 'recorded_before') }),
  };
};

/** Returns the filters for the dead letter that a path names, within the scope of a principal. */
export const oneDeadLetter = (id: string, principal: Principal): DeadLetterFilters => ({
  ...deadLetterScopeOf(principal),
  id: deadLetterId(id),
});

const positionOf = (value: unknown): DeadLetterPosition => {
  const [recordedAtMs, key] = timePositionOf(value);
  return { recordedAtMs, key };
};

/** Returns the start of a page of dead letters, and a function that writes cursors of the same list. */
export const deadLetterPageOf = (
  query: DeadLetterFilter & StateFilter & PageQuery,
  filters: DeadLetterFilters,
) => {
  const { cursor, limit, ...given } = query;
  const { workspaceId: workspace, ownerId, poison } = filters;
  const binding = { workspaceId: workspace, filters: { ...given, list: 'dead-letters', ownerId, poison } };
  return {
    page: { limit, after: cursor === undefined ? null : positionOf(decodeCursor(cursor, binding)) },
    cursorAt: (next: DeadLetterPosition | null) =>
      next === null ? null : encodeCursor([next.recordedAtMs, next.key], binding),
  };
};
