import { consumerId, type ErasureScope, eventId } from '@tidings/contracts';
import { jsonBody, type Route, route, traceparentOf } from '@tidings/http';
import { refused } from '@tidings/runtime';
import { tenantScopeOf } from '../../adapters/tenant-scope.ts';
import { startedReply } from '../../jobs/adapters/job-routes.ts';
import { jobSchema } from '../../jobs/adapters/job-schemas.ts';
import type { JobKinds } from '../../jobs/job-kind.ts';
import { newJobId } from '../../jobs/start-job.ts';
import { type StartErasureParts, startErasure } from '../start-erasure.ts';
import { erasureBody } from './erasure-schemas.ts';

/** The dependencies of the route. */
export type ErasureRouteParts = StartErasureParts & Readonly<{ kinds: JobKinds }>;

type ErasureBody = Readonly<{ event_id?: string; consumer_id?: string; reason?: string }>;

const scopeOf = ({ event_id, consumer_id }: ErasureBody): ErasureScope => {
  if (event_id !== undefined && consumer_id === undefined)
    return { kind: 'event', eventId: eventId(event_id) };
  if (event_id === undefined && consumer_id !== undefined)
    return { kind: 'consumer', consumerId: consumerId(consumer_id) };
  throw refused([{ pointer: '', detail: 'must have either event_id or consumer_id' }]);
};

/** Declares the route that starts an erasure. */
export const erasureRoutes = (parts: ErasureRouteParts): Route[] => [
  route({
    operationId: 'createErasure',
    method: 'POST',
    path: '/v1/webhooks/erasures',
    access: 'admin',
    tag: 'Jobs',
    summary: 'Erase the data of one event or of one consumer',
    description:
      'Starts a job that cannot be undone, nor stopped once it has begun. From the first second on, the data is neither shown nor sent; ids, times and outcomes stay. 404: the workspace has no such event or consumer.',
    body: jsonBody<ErasureBody>({ schema: erasureBody }),
    newId: newJobId,
    responses: { 202: { description: 'The job.', schema: jobSchema, headers: ['Location'] } },
    problems: ['not-found'],
    handle: async ({ principal, body, run: { id }, request }) => {
      const job = await startErasure(parts, {
        ...{ id, tenant: tenantScopeOf(principal), requestedBy: principal.keyId },
        traceparent: traceparentOf(request),
        ...{ scope: scopeOf(body), reason: body.reason ?? null },
      });
      return startedReply(parts, job);
    },
  }),
];
