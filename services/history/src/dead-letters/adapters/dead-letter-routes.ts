import { jsonBody, type Principal, pageReply, type Route, route, traceparentOf } from '@tidings/http';
import { AppError, refused } from '@tidings/runtime';
import { type JobRouteParts, startedReply } from '../../jobs/adapters/job-routes.ts';
import { jobSchema } from '../../jobs/adapters/job-schemas.ts';
import { newJobId } from '../../jobs/start-job.ts';
import { type DiscardParts, discardDeadLetter } from '../discard-dead-letter.ts';
import type { DeadLetter } from '../domain/dead-letter.ts';
import type { DeadLetterStore } from '../ports.ts';
import { listDeadLetters, readDeadLetter } from '../read-dead-letters.ts';
import { type DeadLetterJobParts, redriveOne } from '../redrive-dead-letters.ts';
import {
  deadLetterCountQuery,
  deadLetterFiltersOf,
  deadLetterListQuery,
  deadLetterPageOf,
  deadLetterScopeOf,
  oneDeadLetter,
} from './dead-letter-request.ts';
import {
  countsSchema,
  deadLetterBodies,
  deadLetterDetailSchema,
  deadLetterListSchema,
  deadLetterSchema,
} from './dead-letter-schemas.ts';
import { countsView, deadLetterDetailView, deadLetterView } from './dead-letter-view.ts';

/** The dependencies of the routes. */
export type DeadLetterParts = DeadLetterJobParts &
  Pick<JobRouteParts, 'kinds'> &
  DiscardParts &
  Readonly<{ deadLetters: DeadLetterStore; ratePerSecond: number; maxRatePerSecond: number }>;

/** The path of dead letters. */
export const deadLettersPath = '/v1/webhooks/dead-letters';

const params = {
  id: { type: 'string', pattern: '^dl_[0-9a-f]{32}$', description: 'The id of the dead letter.' },
} as const;
const tag = 'Dead letters';

const notFound = (id: string): AppError =>
  // A dead letter outside the key's scope is indistinguishable from one that does not exist.
  new AppError({ code: 'not-found', message: `There is no dead letter '${id}'.` });

const find = async (
  { deadLetters }: DeadLetterParts,
  id: string,
  principal: Principal,
): Promise<DeadLetter> => {
  const deadLetter = await deadLetters.find(oneDeadLetter(id, principal));
  if (deadLetter === null) throw notFound(id);
  return deadLetter;
};

/** Declares the routes for the list, the counts, and one dead letter with its actions. */
export const deadLetterRoutes = (parts: DeadLetterParts): Route[] => [
  listRoute(parts),
  countRoute(parts),
  readRoute(parts),
  redriveRoute(parts),
  discardRoute(parts),
];

const listRoute = ({ deadLetters }: DeadLetterParts): Route =>
  route({
    operationId: 'listDeadLetters',
    method: 'GET',
    path: deadLettersPath,
    access: 'deliveries:read',
    tag,
    summary: 'List dead letters, newest first',
    query: deadLetterListQuery,
    responses: { 200: { description: 'A page.', schema: deadLetterListSchema, headers: ['Link'] } },
    handle: async ({ query, principal, request }) => {
      const filters = deadLetterFiltersOf(query, principal);
      const { page, cursorAt } = deadLetterPageOf(query, filters);
      const { deadLetters: found, next } = await listDeadLetters(deadLetters, filters, page);
      return pageReply(request, { data: found.map(deadLetterView), nextCursor: cursorAt(next) });
    },
  });

const countRoute = ({ deadLetters }: DeadLetterParts): Route =>
  route({
    operationId: 'countDeadLetters',
    method: 'GET',
    path: `${deadLettersPath}/counts`,
    access: 'deliveries:read',
    tag,
    summary: 'Count dead letters by kind, reason and state',
    query: deadLetterCountQuery,
    responses: { 200: { description: 'The counts.', schema: countsSchema } },
    handle: async ({ query, principal }) => ({
      status: 200,
      body: countsView(await deadLetters.count(deadLetterFiltersOf(query, principal))),
    }),
  });

const readRoute = ({ deadLetters }: DeadLetterParts): Route =>
  route({
    operationId: 'getDeadLetter',
    method: 'GET',
    path: `${deadLettersPath}/{id}`,
    access: 'deliveries:read',
    tag,
    summary: 'Read a dead letter with its command, attempts and body',
    params,
    responses: { 200: { description: 'The dead letter.', schema: deadLetterDetailSchema } },
    handle: async ({ params: { id }, principal }) => {
      const found = await readDeadLetter(deadLetters, oneDeadLetter(id, principal));
      if (found === null) throw notFound(id);
      return { status: 200, body: deadLetterDetailView(found.deadLetter, found.content) };
    },
  });

const refusePoison = (deadLetter: DeadLetter, isToOrigin: boolean): void => {
  if (deadLetter.ref.kind !== 'poison' || isToOrigin) return;
  const detail = `must be true: the record is sent back to ${deadLetter.ref.topic} unchanged, once its consumer can process it`;
  throw refused([{ pointer: '/to_origin', detail }]);
};

const redriveRoute = (parts: DeadLetterParts): Route =>
  route({
    operationId: 'redriveDeadLetter',
    method: 'POST',
    path: `${deadLettersPath}/{id}/redrive`,
    access: 'deliveries:write',
    tag,
    summary: 'Redrive a dead letter',
    description:
      'Starts a job. For a dead letter that is being redriven or has been redriven, returns the job that does so, or 409 if the key has no access to that job: nothing is sent twice.',
    params,
    body: jsonBody<Readonly<{ to_origin?: boolean }>>({ schema: deadLetterBodies.redriveOne, ifEmpty: {} }),
    newId: newJobId,
    responses: { 202: { description: 'The job.', schema: jobSchema, headers: ['Location'] } },
    problems: ['conflict'],
    find: async ({ params: { id }, principal }) => find(parts, id, principal),
    handle: async ({ params: { id }, principal, body, run, request }) => {
      const deadLetter = await find(parts, id, principal);
      refusePoison(deadLetter, body.to_origin === true);
      const job = await redriveOne(parts, deadLetter, {
        id: run.id,
        filters: deadLetterScopeOf(principal),
        requestedBy: principal.keyId,
        traceparent: traceparentOf(request),
        ratePerSecond: parts.ratePerSecond,
      });
      return startedReply(parts, job);
    },
  });

const discardRoute = (parts: DeadLetterParts): Route =>
  route({
    operationId: 'discardDeadLetter',
    method: 'POST',
    path: `${deadLettersPath}/{id}/discard`,
    access: 'deliveries:write',
    tag,
    summary: 'Discard a dead letter',
    description:
      'A discarded dead letter can be read, with the reason, until its retention has passed; it is never sent again.',
    params,
    body: jsonBody<Readonly<{ reason: string }>>({ schema: deadLetterBodies.discardOne }),
    responses: { 200: { description: 'The dead letter.', schema: deadLetterSchema } },
    problems: ['conflict'],
    find: async ({ params: { id }, principal }) => find(parts, id, principal),
    handle: async ({ params: { id }, principal, body: { reason } }) => {
      const deadLetter = await find(parts, id, principal);
      const discarded = await discardDeadLetter(parts, deadLetter, { by: principal.keyId, reason });
      return { status: 200, body: deadLetterView(discarded) };
    },
  });
