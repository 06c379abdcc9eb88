import {
  eventId,
  eventTypeNameMaxLength,
  eventTypeNamePattern,
  type RefusalReason,
  refusalReasons,
  sourceId,
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
import { AppError } from '@tidings/runtime';
import { tenantScopeOf } from '../../adapters/tenant-scope.ts';
import { type ReceivedOutcome, receivedOutcomes } from '../domain/received-webhook.ts';
import type { ReceivedFilters } from '../ports.ts';

/** The query of the list. */
export type ReceivedListQuery = PageQuery &
  Readonly<{
    outcome?: ReceivedOutcome;
    reason?: RefusalReason;
    type?: string;
    event_id?: string;
    received_after?: string;
    received_before?: string;
  }>;

/** The schema of the list's query. */
export const receivedListQuery = queryOf<ReceivedListQuery>({
  outcome: { type: 'string', enum: receivedOutcomes, description: 'Only those with this outcome.' },
  reason: { type: 'string', enum: refusalReasons, description: 'Only those refused for this reason.' },
  type: {
    type: 'string',
    maxLength: eventTypeNameMaxLength,
    pattern: eventTypeNamePattern.source,
    description: 'Only those whose event, or whose first one, has this type.',
  },
  event_id: {
    type: 'string',
    pattern: '^evt_[0-9a-f]{32}$',
    description: 'Only those that have this event among their first 20: the webhook and its repeats.',
  },
  received_after: timeParameter('Only those received after this time.'),
  received_before: timeParameter('Only those received before this time.'),
  ...pageParameters,
});

/** A parsed list request; `cursorAfter` writes the cursor behind a webhook of this list. */
export type ReceivedQuery = Readonly<{
  filters: ReceivedFilters;
  page: Readonly<{ limit: number; afterId: string | null }>;
  cursorAfter: (id: string | null) => string | null;
}>;

const positionOf = (value: unknown): string => {
  if (typeof value === 'string' && /^rcv_[0-9a-f]{32}$/.test(value)) return value;
  const detail = 'The cursor is malformed: start again without a cursor.';
  throw new AppError({ code: 'invalid-request', message: detail, details: [{ pointer: '/cursor', detail }] });
};

/** Parses a query on a source. Throws AppError `invalid-request` for a cursor of another list. */
export const readReceivedQuery = (
  source: string,
  query: ReceivedListQuery,
  principal: Principal,
): ReceivedQuery => {
  const { cursor, limit, ...given } = query;
  const { outcome, reason, type, event_id, received_after, received_before } = given;
  const { workspaceId } = tenantScopeOf(principal);
  const binding = { workspaceId, filters: { ...given, list: 'received', source } };
  return {
    filters: {
      ...{ workspaceId, sourceId: sourceId(source) },
      ...(outcome === undefined ? {} : { outcome }),
      ...(reason === undefined ? {} : { reason }),
      ...(type === undefined ? {} : { eventType: type }),
      ...(event_id === undefined ? {} : { eventId: eventId(event_id) }),
      ...(received_after === undefined ? {} : { afterMs: readTime(received_after, 'received_after') }),
      ...(received_before === undefined ? {} : { beforeMs: readTime(received_before, 'received_before') }),
    },
    page: { limit, afterId: cursor === undefined ? null : positionOf(decodeCursor(cursor, binding)) },
    cursorAfter: (id) => (id === null ? null : encodeCursor(id, binding)),
  };
};
