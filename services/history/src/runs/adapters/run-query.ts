import { consumerId, eventId, type RunStatus, runStatuses } from '@tidings/contracts';
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
import type { RunFilters, RunPosition } from '../ports.ts';

/** The query of the list. */
export type RunListQuery = PageQuery &
  Readonly<{
    status?: RunStatus;
    app?: string;
    handler?: string;
    event_id?: string;
    consumer_id?: string;
    started_after?: string;
    started_before?: string;
  }>;

/** The schema of the list's query. */
export const runListQuery = queryOf<RunListQuery>({
  status: { type: 'string', enum: runStatuses, description: 'Only runs with this status.' },
  app: { type: 'string', minLength: 1, maxLength: 256, description: 'Only runs of this worker application.' },
  handler: {
    type: 'string',
    minLength: 1,
    maxLength: 256,
    description: 'Only runs of handlers of this name.',
  },
  event_id: {
    type: 'string',
    pattern: '^evt_[0-9a-f]{32}$',
    description: 'Only runs that this event started.',
  },
  consumer_id: {
    type: 'string',
    minLength: 1,
    maxLength: 128,
    description: 'Only runs of events that are addressed to this consumer.',
  },
  started_after: timeParameter('Only runs that started after this time.'),
  started_before: timeParameter('Only runs that started before this time.'),
  ...pageParameters,
});

/** A parsed list request; `cursorAt` writes the cursor of a position in this list. */
export type RunQuery = Readonly<{
  filters: RunFilters;
  page: Readonly<{ limit: number; after: RunPosition | null }>;
  cursorAt: (position: RunPosition | null) => string | null;
}>;

const positionOf = (value: unknown): RunPosition => {
  const [startedAtMs, id] = timePositionOf(value);
  return { startedAtMs, id };
};

/** Parses a query of a key of the workspace. Throws AppError `invalid-request` for a cursor of another list. */
export const readRunQuery = (query: RunListQuery, principal: Principal): RunQuery => {
  const { cursor, limit, ...given } = query;
  const { status, app, handler, event_id, consumer_id, started_after, started_before } = given;
  const { workspaceId } = tenantScopeOf(principal);
  const binding = { workspaceId, filters: { ...given, list: 'runs' } };
  return {
    filters: {
      workspaceId,
      ...(status === undefined ? {} : { status }),
      ...(app === undefined ? {} : { app }),
      ...(handler === undefined ? {} : { handler }),
      ...(event_id === undefined ? {} : { eventId: eventId(event_id) }),
      ...(consumer_id === undefined ? {} : { consumerId: consumerId(consumer_id) }),
      ...(started_after === undefined ? {} : { startedAfterMs: readTime(started_after, 'started_after') }),
      ...(started_before === undefined
        ? {}
        : { startedBeforeMs: readTime(started_before, 'started_before') }),
    },
    page: { limit, after: cursor === undefined ? null : positionOf(decodeCursor(cursor, binding)) },
    cursorAt: (position) =>
      position === null ? null : encodeCursor([position.startedAtMs, position.id], binding),
  };
};
