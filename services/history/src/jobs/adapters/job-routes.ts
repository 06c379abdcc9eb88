import { type JobState, jobStates } from '@tidings/contracts';
import {
  decodeCursor,
  encodeCursor,
  type PageQuery,
  pageParameters,
  pageReply,
  queryOf,
  type Route,
  route,
} from '@tidings/http';
import type { Clock } from '@tidings/runtime';
import { tenantScopeOf } from '../../adapters/tenant-scope.ts';
import { changeJob, findJob } from '../change-job.ts';
import { type Job, type JobKindName, jobKinds } from '../domain/job.ts';
import type { JobAction } from '../domain/job-change.ts';
import type { JobKinds } from '../job-kind.ts';
import type { JobStore } from '../ports.ts';
import { jobStatusOf, listJobs } from '../read-jobs.ts';
import { jobPositionOf } from './job-position.ts';
import { jobListSchema, jobSchema } from './job-schemas.ts';
import { jobView } from './job-view.ts';

/** The dependencies of the routes. */
export type JobRouteParts = Readonly<{ jobs: JobStore; kinds: JobKinds; clock: Clock; wake: () => void }>;

/** The path of jobs. */
const jobsPath = '/v1/webhooks/jobs';

const tag = 'Jobs';
const params = {
  id: { type: 'string', pattern: '^job_[0-9a-f]{32}$', description: 'The id of the job.' },
} as const;

type ListQuery = PageQuery & Readonly<{ kind?: JobKindName; state?: JobState }>;

const listQuery = queryOf<ListQuery>({
  kind: { type: 'string', enum: jobKinds, description: 'Only jobs of this kind.' },
  state: { type: 'string', enum: jobStates, description: 'Only jobs currently in this state.' },
  ...pageParameters,
});

/** Declares the routes that list, read, pause, resume and cancel jobs. */
export const jobRoutes = (parts: JobRouteParts): Route[] => [
  listRoute(parts),
  readRoute(parts),
  changeRoute(parts, 'pause', {
    summary: 'Pause a job',
    description:
      'The job stops after the batch in progress, and keeps its place until it is resumed or cancelled. A job that has ended is unchanged. 409: an erasure that has begun.',
  }),
  changeRoute(parts, 'resume', {
    summary: 'Resume a paused job',
    description: 'The job continues where it was. A job that is not paused is unchanged.',
  }),
  changeRoute(parts, 'cancel', {
    summary: 'Cancel a job',
    description:
      'What the job has done stays done; what it had claimed is released. A job that has ended is unchanged. 409: an erasure that has begun.',
  }),
];

/** Returns a job as every route shows it. */
const viewJob = async ({ kinds, clock }: Pick<JobRouteParts, 'kinds' | 'clock'>, job: Job): Promise<object> =>
  jobView(await jobStatusOf(kinds, job), clock.nowMs());

/** Returns the reply to a request that has started a job. */
export const startedReply = async (parts: Pick<JobRouteParts, 'kinds' | 'clock'>, job: Job) => ({
  status: 202,
  body: await viewJob(parts, job),
  headers: { location: `${jobsPath}/${job.id}` },
});

const listRoute = (parts: JobRouteParts): Route =>
  route({
    operationId: 'listJobs',
    method: 'GET',
    path: jobsPath,
    access: 'deliveries:read',
    tag,
    summary: 'List jobs, newest first',
    query: listQuery,
    responses: { 200: { description: 'A page.', schema: jobListSchema, headers: ['Link'] } },
    handle: async ({ query: { cursor, limit, ...given }, principal, request }) => {
      const scope = tenantScopeOf(principal);
      const { workspaceId, ownerId } = scope;
      const binding = { workspaceId, filters: { ...given, list: 'jobs', ownerId } };
      const after = cursor === undefined ? null : jobPositionOf(decodeCursor(cursor, binding));
      const { jobs, next } = await listJobs(parts.jobs, { ...scope, ...given }, { limit, after });
      const data = await Promise.all(jobs.map(async (job) => viewJob(parts, job)));
      const nextCursor = next === null ? null : encodeCursor([next.createdAtMs, next.id], binding);
      return pageReply(request, { data, nextCursor });
    },
  });

const readRoute = (parts: JobRouteParts): Route =>
  route({
    operationId: 'getJob',
    method: 'GET',
    path: `${jobsPath}/{id}`,
    access: 'deliveries:read',
    tag,
    summary: 'Read a job and its progress',
    params,
    responses: { 200: { description: 'The job.', schema: jobSchema } },
    handle: async ({ params: { id }, principal }) => ({
      status: 200,
      body: await viewJob(parts, await findJob(parts, id, tenantScopeOf(principal))),
    }),
  });

const changeRoute = (
  parts: JobRouteParts,
  action: JobAction,
  texts: Readonly<{ summary: string; description: string }>,
): Route =>
  route({
    operationId: `${action}Job`,
    method: 'POST',
    path: `${jobsPath}/{id}/${action}`,
    access: 'deliveries:write',
    tag,
    ...texts,
    params,
    responses: { 200: { description: 'The job.', schema: jobSchema } },
    problems: ['conflict'],
    find: async ({ params: { id }, principal }) => findJob(parts, id, tenantScopeOf(principal)),
    handle: async ({ params: { id }, principal }) => {
      const job = await changeJob(parts, action, { id, scope: tenantScopeOf(principal) });
      return { status: 200, body: await viewJob(parts, job) };
    },
  });
