import { consumerId } from '@tidings/contracts';
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
import type { EventFilters, EventPosition } from '../ports.ts';

/** The query of the list. */
export type EventListQuery = PageQuery &
  Readonly<{
    type?: string;
    source?: string;
    consumer_id?: string;
    ordering_key?: string;
    caller_id?: string;
    accepted_after?: string;
    accepted_before?: string;
    text?: string;
  }>;

const exactly = (description: string, maxLength = 256) =>
  ({ type: 'string', minLength: 1, maxLength, description }) as const;

/** The schema of the list's query. */
export const eventListQuery = queryOf<EventListQuery>({
  type: {
    type: 'string',
    maxLength: 130,
    pattern: typePatternSource,
    description: 'Only those of this type, or of all types below it, such as `order.*`.',
  },
  source: exactly('Only those of this source.'),
  consumer_id: exactly('Only those addressed to this consumer.', 128),
  ordering_key: exactly('Only those with this ordering key.'),
  caller_id: exactly("Only those with this id of the publisher's own."),
  accepted_after: timeParameter('Only those accepted after this time.'),
  accepted_before: timeParameter('Only those accepted before this time.'),
  text: {
    type: 'string',
    minLength: 3,
    maxLength: 256,
    description:
      'Only those whose data contains this text, byte for byte. One request searches at most 24 hours, 100,000 events and 10 seconds back; `scanned_to` says how far it came, and `next_cursor` continues.',
  },
  ...pageParameters,
});

const filtersOf = (query: EventListQuery, principal: Principal): EventFilters => {
  const { type, source, consumer_id, ordering_key, caller_id, accepted_after, accepted_before } = query;
  return {
    ...tenantScopeOf(principal),
    ...(type === undefined ? {} : { type }),
    ...(source === undefined ? {} : { source }),
    ...(consumer_id === undefined ? {} : { consumerId: consumerId(consumer_id) }),
    ...(ordering_key === undefined ? {} : { orderingKey: ordering_key }),
    ...(caller_id === undefined ? {} : { callerId: caller_id }),
    ...(accepted_after === undefined ? {} : { acceptedAfterMs: readTime(accepted_after, 'accepted_after') }),
    ...(accepted_before === undefined
      ? {}
      : { acceptedBeforeMs: readTime(accepted_before, 'accepted_before') }),
  };
};

const positionOf = (value: unknown): EventPosition => {
  const [acceptedAtMs, id] = timePositionOf(value);
  return { acceptedAtMs, id };
};

/** A parsed list request; `cursorAt` writes the cursor of a position in this list. */
export type EventQuery = Readonly<{
  filters: EventFilters;
  page: Readonly<{ limit: number; after: EventPosition | null }>;
  text: string | undefined;
  cursorAt: (position: EventPosition | null) => string | null;
}>;

/** Parses a query within the scope of a principal. Throws AppError `invalid-request` for a cursor of another list. */
export const readEventQuery = (query: EventListQuery, principal: Principal): EventQuery => {
  const { cursor, limit, ...given } = query;
  const filters = filtersOf(query, principal);
  const { workspaceId: workspace, ownerId } = filters;
  const binding = { workspaceId: workspace, filters: { ...given, list: 'events', ownerId } };
  return {
    filters,
    page: { limit, after: cursor === undefined ? null : positionOf(decodeCursor(cursor, binding)) },
    text: query.text,
    cursorAt: (position) =>
      position === null ? null : encodeCursor([position.acceptedAtMs, position.id], binding),
  };
};
