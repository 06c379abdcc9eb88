import { jsonBody, type Route, route, traceparentOf } from '@tidings/http';
import { refused } from '@tidings/runtime';
import { tenantScopeOf } from '../../adapters/tenant-scope.ts';
import { startedReply } from '../../jobs/adapters/job-routes.ts';
import { jobSchema } from '../../jobs/adapters/job-schemas.ts';
import type { JobKinds } from '../../jobs/job-kind.ts';
import { newJobId } from '../../jobs/start-job.ts';
import { type StartReplayParts, startReplay } from '../start-replay.ts';
import { type ReplayBody, replaySpecOf } from './replay-request.ts';
import { replayBodySchema } from './replay-schemas.ts';

/** The dependencies of the route. */
export type ReplayRouteParts = StartReplayParts &
  Readonly<{ kinds: JobKinds; ratePerSecond: number; maxRatePerSecond: number }>;

/** Declares the route that starts a replay. */
export const replayRoutes = (parts: ReplayRouteParts): Route[] => [
  route({
    operationId: 'createReplay',
    method: 'POST',
    path: '/v1/webhooks/replays',
    access: 'deliveries:write',
    tag: 'Jobs',
    summary: 'Deliver events of the log again',
    description:
      'Sends the events of a span again: to the subscriptions that match now, to one of them, or only what was never delivered. The reply is a job, whose progress `GET /v1/webhooks/jobs/{id}` shows. A key of a consumer replays to its own subscriptions, and events that it can see. If `from` is older than the log, the response is 422 with `oldest_available`.',
    body: jsonBody<ReplayBody>({ schema: replayBodySchema(parts.maxRatePerSecond) }),
    newId: newJobId,
    responses: { 202: { description: 'The job.', schema: jobSchema, headers: ['Location'] } },
    handle: async ({ principal, body, run: { id }, request }) => {
      if (body.offsets !== undefined && principal.consumerId !== null) {
        throw refused([{ pointer: '/offsets', detail: 'requires a key that belongs to no consumer' }]);
      }
      const { ratePerSecond, clock } = parts;
      const spec = replaySpecOf(body, { nowMs: clock.nowMs(), ratePerSecond });
      const scope = tenantScopeOf(principal);
      const origin = { requestedBy: principal.keyId, traceparent: traceparentOf(request) };
      return startedReply(parts, await startReplay(parts, { id, scope, spec, ...origin }));
    },
  }),
];
