import { type JsonSchema, jsonBody, type Principal, type Route, route, traceparentOf } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import { bulkResponses, filterOf, type Selection } from '../../jobs/adapters/bulk-request.ts';
import { type JobRouteParts, startedReply } from '../../jobs/adapters/job-routes.ts';
import { newJobId, startJob } from '../../jobs/start-job.ts';
import { firstCheckpoint } from '../bulk-kinds.ts';
import type { RunFilters, RunStore } from '../ports.ts';
import { type CancelFilter, type RetryFilter, runFiltersOf } from './run-query.ts';
import { cancelRunsBody, retryRunsBody } from './run-schemas.ts';

/** The dependencies of the routes. */
export type BulkRunRouteParts = JobRouteParts &
  Readonly<{ runs: Pick<RunStore, 'count'>; ratePerSecond: number; maxRatePerSecond: number }>;

type Body = Selection<RetryFilter & CancelFilter> &
  Readonly<{ reason?: string; rate_per_second?: number; dry_run?: boolean }>;

/** The differences between the routes. `statuses`: of the runs that it is about, if the filter names none. */
type Bulk = Readonly<{
  action: 'retry' | 'cancel';
  kind: 'run_retry' | 'run_cancel';
  operationId: string;
  summary: string;
  description: string;
  schema: (maxRate: number) => JsonSchema;
  statuses: readonly ('failed' | 'running' | 'waiting')[];
}>;

const retry: Bulk = {
  action: 'retry',
  kind: 'run_retry',
  operationId: 'retryRuns',
  summary: 'Retry many failed runs, at a bounded rate',
  description:
    'Starts a job that retries the matching failed runs that were started before the request, oldest first, each as the retry of one run does. The orders go to the topics of their applications. Runs that are not as they were found any more when it is their turn are counted as `skipped`, those that became too large as `refused`, those whose application has no topic of orders as `unavailable`. Not for keys of a consumer.',
  schema: retryRunsBody,
  statuses: ['failed'],
};

const cancel: Bulk = {
  action: 'cancel',
  kind: 'run_cancel',
  operationId: 'cancelRuns',
  summary: 'Cancel many runs, at a bounded rate',
  description:
    'Starts a job that cancels the matching runs that have not ended and were started before the request, oldest first, each as the cancellation of one run does. Those that have ended when it is their turn are counted as `skipped`, those whose application has no topic of orders as `unavailable`. Not for keys of a consumer.',
  schema: cancelRunsBody,
  statuses: ['running', 'waiting'],
};

/** Returns the filters of a request. Throws AppError `forbidden` for the key of a consumer, `unprocessable` for both or none. */
const filtersOf = (
  body: Body,
  { principal, bulk, nowMs }: Readonly<{ principal: Principal; bulk: Bulk; nowMs: number }>,
): RunFilters => {
  if (principal.consumerId !== null) {
    const message = `Runs belong to the workspace: a key of one consumer cannot ${bulk.action} them.`;
    throw new AppError({ code: 'forbidden', message });
  }
  const given = runFiltersOf(filterOf(body), principal);
  return {
    statuses: bulk.statuses,
    ...given,
    startedBeforeMs: Math.min(given.startedBeforeMs ?? nowMs, nowMs),
  };
};

const bulkRoute = (parts: BulkRunRouteParts, bulk: Bulk): Route =>
  route({
    operationId: bulk.operationId,
    method: 'POST',
    path: `/v1/webhooks/runs/${bulk.action}`,
    access: 'deliveries:write',
    tag: 'Runs',
    summary: bulk.summary,
    description: bulk.description,
    body: jsonBody<Body>({ schema: bulk.schema(parts.maxRatePerSecond) }),
    newId: newJobId,
    responses: bulkResponses,
    handle: async ({ principal, body, run: { id }, request: received }) => {
      const { dry_run, rate_per_second, ...request } = body;
      const filters = filtersOf(body, { principal, bulk, nowMs: parts.clock.nowMs() });
      const total = await parts.runs.count(filters);
      if (dry_run === true) return { status: 200, body: { dry_run: true, count: total } };
      const job = await startJob(parts, {
        ...{ id, kind: bulk.kind, workspaceId: filters.workspaceId, ownerId: null },
        requestedBy: principal.keyId,
        traceparent: traceparentOf(received),
        spec: { filters, request, reason: body.reason ?? null },
        checkpoint: firstCheckpoint,
        total,
        ratePerSecond: rate_per_second ?? parts.ratePerSecond,
      });
      return startedReply(parts, job);
    },
  });

/** Declares the routes that retry and cancel many runs. */
export const bulkRunRoutes = (parts: BulkRunRouteParts): Route[] =>
  [retry, cancel].map((bulk) => bulkRoute(parts, bulk));
