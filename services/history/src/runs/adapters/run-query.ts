import {
  consumerId,
  eventId,
  type RunFailureReason,
  type RunStatus,
  runFailureReasons,
  runStatuses,
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
import type { RunFilters, RunPage, RunPosition } from '../ports.ts';

/** The filters of failed runs as a caller gives them. */
export type RetryFilter = Readonly<{
  app?: string;
  handler?: string;
  event_id?: string;
  consumer_id?: string;
  ordering_key?: string;
  reason?: RunFailureReason;
  step?: string;
  started_after?: string;
  started_before?: string;
}>;

/** The filters of runs that have not ended. */
export type CancelFilter = Omit<RetryFilter, 'reason' | 'step'> &
  Readonly<{ status?: 'running' | 'waiting' }>;

/** The query of the list. */
export type RunListQuery = PageQuery & RetryFilter & Readonly<{ status?: RunStatus }>;

const text = (description: string, maxLength = 256) =>
  ({ type: 'string', minLength: 1, maxLength, description }) as const;

const commonProperties = {
  app: text('Only runs of this worker application.'),
  handler: text('Only runs of handlers of this name.'),
  event_id: {
    type: 'string',
    pattern: '^evt_[0-9a-f]{32}$',
    description: 'Only runs that this event started.',
  },
  consumer_id: text('Only runs of events that are addressed to this consumer.', 128),
  ordering_key: text('Only runs of events with this ordering key.'),
  started_after: timeParameter('Only runs that started after this time.'),
  started_before: timeParameter('Only runs that started before this time.'),
} as const;

/** The filters of failed runs, for the body of a request over many. */
export const retryFilterProperties = {
  ...commonProperties,
  reason: { type: 'string', enum: runFailureReasons, description: 'Only runs that failed for this reason.' },
  step: text('Only runs that failed because of this step.'),
} as const;

/** The filters of runs that have not ended, for the body of a request over many. */
export const cancelFilterProperties = {
  ...commonProperties,
  status: { type: 'string', enum: ['running', 'waiting'], description: 'Only runs with this status.' },
} as const;

/** The schema of the list's query. */
export const runListQuery = queryOf<RunListQuery>({
  status: { type: 'string', enum: runStatuses, description: 'Only runs with this status.' },
  ...retryFilterProperties,
  ...pageParameters,
});

/** A parsed list request; `cursorAt` writes the cursor of a position in this list. */
export type RunQuery = Readonly<{
  filters: RunFilters;
  page: RunPage;
  cursorAt: (position: RunPosition | null) => string | null;
}>;

const positionOf = (value: unknown): RunPosition => {
  const [startedAtMs, id] = timePositionOf(value);
  return { startedAtMs, id };
};

/** Converts filters within the workspace of a principal. */
export const runFiltersOf = (
  query: RetryFilter & Readonly<{ status?: RunStatus }>,
  principal: Principal,
): RunFilters => {
  const { status, app, handler, event_id, consumer_id, ordering_key, reason, step } = query;
  const { started_after, started_before } = query;
  return {
    workspaceId: tenantScopeOf(principal).workspaceId,
    ...(status === undefined ? {} : { statuses: [status] }),
    ...(app === undefined ? {} : { app }),
    ...(handler === undefined ? {} : { handler }),
    ...(event_id === undefined ? {} : { eventId: eventId(event_id) }),
    ...(consumer_id === undefined ? {} : { consumerId: consumerId(consumer_id) }),
    ...(ordering_key === undefined ? {} : { orderingKey: ordering_key }),
    ...(reason === undefined ? {} : { reason }),
    ...(step === undefined ? {} : { step }),
    ...(started_after === undefined ? {} : { startedAfterMs: readTime(started_after, 'started_after') }),
    ...(started_before === undefined ? {} : { startedBeforeMs: readTime(started_before, 'started_before') }),
  };
};

/** Parses a query of a key of the workspace. Throws AppError `invalid-request` for a cursor of another list. */
export const readRunQuery = (query: RunListQuery, principal: Principal): RunQuery => {
  const { cursor, limit, ...given } = query;
  const filters = runFiltersOf(given, principal);
  const binding = { workspaceId: filters.workspaceId, filters: { ...given, list: 'runs' } };
  return {
    filters,
    page: { limit, after: cursor === undefined ? null : positionOf(decodeCursor(cursor, binding)) },
    cursorAt: (position) =>
      position === null ? null : encodeCursor([position.startedAtMs, position.id], binding),
  };
};
