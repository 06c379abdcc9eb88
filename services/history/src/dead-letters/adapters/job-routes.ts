import {
  jsonBody,
  type PageQuery,
  type Principal,
  pageParameters,
  pageReply,
  queryOf,
  type Route,
  route,
} from '@tidings/http';
import { AppError, refused } from '@tidings/runtime';
import type { DeadLetterJob } from '../domain/dead-letter-job.ts';
import { jobStatusOf, listJobs } from '../read-dead-letters.ts';
import { countForJob, type JobRequest, newJobId, startJob } from '../redrive-dead-letters.ts';
import {
  type DeadLetterFilter,
  deadLetterFiltersOf,
  deadLetterScopeOf,
  jobPageOf,
} from './dead-letter-request.ts';
import { type DeadLetterParts, deadLettersPath, jobsPath } from './dead-letter-routes.ts';
import { deadLetterBodies, dryRunSchema, jobListSchema, jobSchema } from './dead-letter-schemas.ts';
import { jobView } from './dead-letter-view.ts';

type Selection = Readonly<{ filter?: DeadLetterFilter; all?: true; dry_run?: boolean }>;
type RedriveBody = Selection & Readonly<{ rate_per_second?: number }>;
type DiscardBody = Selection & Readonly<{ reason: string }>;

const tag = 'Dead letters';
const params = {
  id: { type: 'string', pattern: '^job_[0-9a-f]{32}$', description: 'The id of the job.' },
} as const;

/** Declares the routes that create, read and cancel jobs over many dead letters. */
export const jobRoutes = (parts: DeadLetterParts): Route[] => [
  redriveRoute(parts),
  discardRoute(parts),
  listRoute(parts),
  readRoute(parts),
  cancelRoute(parts),
];

/** Returns the filters that a body selects: deliveries, unless it selects poison records explicitly. */
const selected = ({ filter, all }: Selection, principal: Principal): JobRequest['filters'] => {
  if ((filter === undefined) === (all === undefined)) {
    throw refused([{ pointer: '/filter', detail: 'is required, unless "all" is true' }]);
  }
  const filters = deadLetterFiltersOf(filter ?? {}, principal);
  return { ...filters, kind: filters.kind ?? 'delivery' };
};

const replyOf = async (parts: DeadLetterParts, request: JobRequest, isDry: boolean) => {
  if (isDry) {
    return { status: 200, body: { dry_run: true, count: await countForJob(parts, request) } };
  }
  const job = await startJob(parts, request);
  const headers = { location: `${jobsPath}/${job.id}` };
  return { status: 202, body: jobView(await jobStatusOf(parts.deadLetters, job)), headers };
};

const bulkResponses = {
  200: { description: 'The count of a dry run.', schema: dryRunSchema },
  202: { description: 'The job.', schema: jobSchema, headers: ['Location'] },
} as const;

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
    handle: async ({ principal, body, run: { id } }) => {
      const filters = selected(body, principal);
      if (filters.kind === 'poison')
        throw refused([
          { pointer: '/filter/kind', detail: 'cannot be poison: redrive poison records one by one' },
        ]);
      const { keyId: by } = principal;
      const ratePerSecond = body.rate_per_second ?? parts.ratePerSecond;
      const request = { id, action: 'redrive', filters, by, reason: null, ratePerSecond } as const;
      return replyOf(parts, request, body.dry_run === true);
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
    handle: async ({ principal, body, run: { id } }) => {
      const filters = selected(body, principal);
      const { keyId: by } = principal;
      const { reason } = body;
      const { ratePerSecond } = parts;
      const request = { id, action: 'discard', filters, by, reason, ratePerSecond } as const;
      return replyOf(parts, request, body.dry_run === true);
    },
  });

const listRoute = ({ jobs, deadLetters }: DeadLetterParts): Route =>
  route({
    operationId: 'listDeadLetterJobs',
    method: 'GET',
    path: jobsPath,
    access: 'deliveries:read',
    tag,
    summary: 'List jobs over dead letters, newest first',
    query: queryOf<PageQuery>(pageParameters),
    responses: { 200: { description: 'A page.', schema: jobListSchema, headers: ['Link'] } },
    handle: async ({ query, principal, request }) => {
      const scope = deadLetterScopeOf(principal);
      const { page, cursorAt } = jobPageOf(query, scope);
      const { jobs: found, next } = await listJobs(jobs, scope, page);
      const statuses = await Promise.all(found.map(async (job) => jobStatusOf(deadLetters, job)));
      return pageReply(request, { data: statuses.map(jobView), nextCursor: cursorAt(next) });
    },
  });

const findJob = async (
  { jobs }: DeadLetterParts,
  id: string,
  principal: Principal,
): Promise<DeadLetterJob> => {
  const job = await jobs.find(id, deadLetterScopeOf(principal));
  if (job === null) throw new AppError({ code: 'not-found', message: `There is no job '${id}'.` });
  return job;
};

const readRoute = (parts: DeadLetterParts): Route =>
  route({
    operationId: 'getDeadLetterJob',
    method: 'GET',
    path: `${jobsPath}/{id}`,
    access: 'deliveries:read',
    tag,
    summary: 'Read a job and its progress',
    params,
    responses: { 200: { description: 'The job.', schema: jobSchema } },
    handle: async ({ params: { id }, principal }) => {
      const job = await findJob(parts, id, principal);
      return { status: 200, body: jobView(await jobStatusOf(parts.deadLetters, job)) };
    },
  });

const cancelRoute = (parts: DeadLetterParts): Route =>
  route({
    operationId: 'cancelDeadLetterJob',
    method: 'POST',
    path: `${jobsPath}/{id}/cancel`,
    access: 'deliveries:write',
    tag,
    summary: 'Cancel a job',
    description:
      'Dead letters that the job has not processed yet wait again. A job that has ended is unchanged.',
    params,
    responses: { 200: { description: 'The job.', schema: jobSchema } },
    handle: async ({ params: { id }, principal }) => {
      await findJob(parts, id, principal);
      if (await parts.jobs.cancel(id, parts.clock.nowMs())) parts.wake();
      return {
        status: 200,
        body: jobView(await jobStatusOf(parts.deadLetters, await findJob(parts, id, principal))),
      };
    },
  });
