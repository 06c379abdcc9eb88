import { jsonBody, named, type Route, route, traceparentOf } from '@tidings/http';
import { scannedToSchema } from '../../adapters/scanned-page.ts';
import {
  type DeliveryFilter,
  deliveryFilterProperties,
  deliveryFiltersOf,
} from '../../deliveries/adapters/delivery-query.ts';
import { scannedNames } from '../../deliveries/adapters/delivery-schemas.ts';
import type { DeliveryFilters, DeliveryStore, ListPage } from '../../deliveries/ports.ts';
import { isScanned } from '../../deliveries/scanned-filters.ts';
import { type JobRouteParts, startedReply } from '../../jobs/adapters/job-routes.ts';
import { dryRunSchema, jobSchema } from '../../jobs/adapters/job-schemas.ts';
import { newJobId, startJob } from '../../jobs/start-job.ts';
import { countInSteps } from '../../list-in-steps.ts';
import { SearchTurns } from '../../search-turns.ts';

/** The dependencies of the route. */
export type BulkRetryParts = JobRouteParts &
  Readonly<{
    deliveries: Pick<DeliveryStore, 'count' | 'step'>;
    ratePerSecond: number;
    maxRatePerSecond: number;
  }>;

type RetryBody = Readonly<{ filter: DeliveryFilter; rate_per_second?: number; dry_run?: boolean }>;

const bodySchema = (maxRate: number) =>
  named(
    'RetryDeliveries',
    {
      type: 'object',
      properties: {
        filter: {
          type: 'object',
          properties: deliveryFilterProperties,
          additionalProperties: false,
          minProperties: 1,
          description: 'Selects deliveries as the list does; all fields must match.',
        },
        rate_per_second: {
          type: 'integer',
          minimum: 1,
          maximum: maxRate,
          description: 'Maximum number a second. Default: set by the operator.',
        },
        dry_run: {
          type: 'boolean',
          default: false,
          description: 'Counts the deliveries without sending them.',
        },
      },
      required: ['filter'],
      additionalProperties: false,
    },
    { filter: { status: 'dead_lettered', subscription_id: 'sub_019aab3cf4007c3d8e4f5a6b7c8d9e0f' } },
  );

const countSchema = named(
  'DryRunOfRetry',
  {
    ...dryRunSchema,
    properties: { ...dryRunSchema.properties, scanned_to: scannedToSchema(scannedNames) },
    required: [...dryRunSchema.required, 'scanned_to'],
  },
  { dry_run: true, count: 12, scanned_to: null },
);

/** Returns a function that counts deliveries, as far back as there is time for with filters that no index serves. */
const createCount = ({ deliveries, clock }: BulkRetryParts) => {
  const turns = new SearchTurns(clock);
  return async (filters: DeliveryFilters): Promise<object> => {
    if (!isScanned(filters)) return { count: await deliveries.count(filters), scanned_to: null };
    return turns.run(filters.workspaceId, async (mayGoOn) => {
      const step = async (page: ListPage) => deliveries.step(filters, page);
      const { count, reached } = await countInSteps({ step, mayGoOn });
      return { count, scanned_to: reached === null ? null : new Date(reached.createdAtMs).toISOString() };
    });
  };
};

/** Declares the route that retries many deliveries. */
export const bulkRetryRoute = (parts: BulkRetryParts): Route => {
  const count = createCount(parts);
  return route({
    operationId: 'retryDeliveries',
    method: 'POST',
    path: '/v1/webhooks/deliveries/retry',
    access: 'deliveries:write',
    tag: 'Deliveries',
    summary: 'Send many deliveries again, at a bounded rate',
    description:
      'Starts a job that retries the matching deliveries of events that were accepted before the request, oldest first, each as the retry of one delivery does. Without a filter by status this includes those that have succeeded. Those that cannot be retried when it is their turn are counted as `refused`, those whose body is not kept any more as `unavailable`.',
    body: jsonBody<RetryBody>({ schema: bodySchema(parts.maxRatePerSecond) }),
    newId: newJobId,
    responses: {
      200: { description: 'The count of a dry run.', schema: countSchema },
      202: { description: 'The job.', schema: jobSchema, headers: ['Location'] },
    },
    handle: async ({ principal, body: { filter, dry_run, rate_per_second }, run: { id }, request }) => {
      const given = deliveryFiltersOf(filter, principal);
      const nowMs = parts.clock.nowMs();
      const filters = { ...given, createdBeforeMs: Math.min(given.createdBeforeMs ?? nowMs, nowMs) };
      if (dry_run === true) return { status: 200, body: { dry_run: true, ...(await count(filters)) } };
      const job = await startJob(parts, {
        id,
        kind: 'retry',
        workspaceId: filters.workspaceId,
        ownerId: filters.ownerId,
        requestedBy: principal.keyId,
        traceparent: traceparentOf(request),
        spec: { filters, request: { filter } },
        checkpoint: null,
        // To count them would be to read what the job reads.
        ...(!isScanned(filters) && { total: await parts.deliveries.count(filters) }),
        ratePerSecond: rate_per_second ?? parts.ratePerSecond,
      });
      return startedReply(parts, job);
    },
  });
};
