import { jsonBody, type Principal, type Route, route, traceparentOf } from '@tidings/http';
import { refused } from '@tidings/runtime';
import { bulkResponses, filterOf, type Selection } from '../../jobs/adapters/bulk-request.ts';
import { startedReply } from '../../jobs/adapters/job-routes.ts';
import { newJobId } from '../../jobs/start-job.ts';
import { countForJob, type JobRequest, startDeadLetterJob } from '../redrive-dead-letters.ts';
import { type DeadLetterFilter, deadLetterFiltersOf } from './dead-letter-request.ts';
import { type DeadLetterParts, deadLettersPath } from './dead-letter-routes.ts';
import { deadLetterBodies } from './dead-letter-schemas.ts';

type BulkBody = Selection<DeadLetterFilter> & Readonly<{ dry_run?: boolean }>;
type RedriveBody = BulkBody & Readonly<{ rate_per_second?: number }>;
type DiscardBody = BulkBody & Readonly<{ reason: string }>;

const tag = 'Dead letters';

/** Declares the routes that create jobs over many dead letters. */
export const bulkRoutes = (parts: DeadLetterParts): Route[] => [redriveRoute(parts), discardRoute(parts)];

/** Returns the filters that a body selects: deliveries, unless it selects poison records explicitly. */
const selected = (body: BulkBody, principal: Principal): JobRequest['filters'] => {
  const filters = deadLetterFiltersOf(filterOf(body), principal);
  return { ...filters, kind: filters.kind ?? 'delivery' };
};

const replyOf = async (parts: DeadLetterParts, request: JobRequest, isDry: boolean) => {
  if (isDry) {
    return { status: 200, body: { dry_run: true, count: await countForJob(parts, request) } };
  }
  return startedReply(parts, await startDeadLetterJob(parts, request));
};

const redriveRoute = (parts: DeadLetterParts): Route =>
  route({
    operationId: 'redriveDeadLetters',
    method: 'POST',
    path: `${deadLettersPath}/redrive`,
    access: 'deliveries:write',
    tag,
    summary: 'Redrive many dead letters, at a bounded rate',
    description:
      'Redrives waiting dead letters, for each subscription in the order in which they were recorded. Deliveries that have succeeded since and those to subscriptions that are not active are skipped. Poison records are redriven one by one.',
    body: jsonBody<RedriveBody>({ schema: deadLetterBodies.redriveMany(parts.maxRatePerSecond) }),
    newId: newJobId,
    responses: bulkResponses,
    handle: async ({ principal, body, run: { id }, request }) => {
      const filters = selected(body, principal);
      if (filters.kind === 'poison')
        throw refused([
          { pointer: '/filter/kind', detail: 'cannot be poison: redrive poison records one by one' },
        ]);
      const origin = { requestedBy: principal.keyId, reason: null, traceparent: traceparentOf(request) };
      const ratePerSecond = body.rate_per_second ?? parts.ratePerSecond;
      const order = { id, kind: 'redrive', filters, ratePerSecond, ...origin } as const;
      return replyOf(parts, order, body.dry_run === true);
    },
  });

const discardRoute = (parts: DeadLetterParts): Route =>
  route({
    operationId: 'discardDeadLetters',
    method: 'POST',
    path: `${deadLettersPath}/discard`,
    access: 'deliveries:write',
    tag,
    summary: 'Discard many dead letters',
    body: jsonBody<DiscardBody>({ schema: deadLetterBodies.discardMany }),
    newId: newJobId,
    responses: bulkResponses,
    handle: async ({ principal, body, run: { id }, request }) => {
      const filters = selected(body, principal);
      const { reason } = body;
      const origin = { requestedBy: principal.keyId, reason, traceparent: traceparentOf(request) };
      const order = { id, kind: 'discard', filters, ratePerSecond: null, ...origin } as const;
      return replyOf(parts, order, body.dry_run === true);
    },
  });
