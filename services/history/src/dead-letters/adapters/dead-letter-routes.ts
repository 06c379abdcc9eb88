import { jsonBody, type Principal, pageReply, type Route, route } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import { type DiscardParts, discardDeadLetter } from '../discard-dead-letter.ts';
import type { DeadLetter } from '../domain/dead-letter.ts';
import type { DeadLetterStore } from '../ports.ts';
import { listDeadLetters, readDeadLetter, standingOf } from '../read-dead-letters.ts';
import { type JobParts, newJobId, redriveOne } from '../redrive-dead-letters.ts';
import {
  letterCountQuery,
  letterFiltersOf,
  letterListQuery,
  letterPageOf,
  letterWallsOf,
  oneLetter,
} from './dead-letter-request.ts';
import {
  countsSchema,
  jobSchema,
  letterBodies,
  letterDetailSchema,
  letterListSchema,
  letterSchema,
} from './dead-letter-schemas.ts';
import { countsView, jobView, letterDetailView, letterView } from './dead-letter-view.ts';

/** What the routes stand on. */
export type LetterParts = JobParts &
  DiscardParts &
  Readonly<{ letters: DeadLetterStore; ratePerSecond: number; maxRatePerSecond: number }>;

/** Where dead letters, and the jobs over them, lie. */
export const deadLettersPath = '/v1/webhooks/dead-letters';
export const jobsPath = '/v1/webhooks/dead-letter-jobs';

const params = {
  id: { type: 'string', pattern: '^dl_[0-9a-f]{32}$', description: 'The id of the dead letter.' },
} as const;
const tag = 'Dead letters';

const notFound = (id: string): AppError =>
  // Another's dead letter looks like one that does not exist.
  new AppError({ code: 'not-found', message: `There is no dead letter '${id}'.` });

const find = async ({ letters }: LetterParts, id: string, principal: Principal): Promise<DeadLetter> => {
  const letter = await letters.find(oneLetter(id, principal));
  if (letter === null) throw notFound(id);
  return letter;
};

/** List, counts, one letter, and what can be done with one. */
export const letterRoutes = (parts: LetterParts): Route[] => [
  listRoute(parts),
  countRoute(parts),
  readRoute(parts),
  redriveRoute(parts),
  discardRoute(parts),
];

const listRoute = ({ letters }: LetterParts): Route =>
  route({
    operationId: 'listDeadLetters',
    method: 'GET',
    path: deadLettersPath,
    access: 'deliveries:read',
    tag,
    summary: 'List dead letters, newest first',
    query: letterListQuery,
    answers: { 200: { description: 'A page.', schema: letterListSchema, headers: ['Link'] } },
    handle: async ({ query, principal, request }) => {
      const filters = letterFiltersOf(query, principal);
      const { page, cursorAt } = letterPageOf(query, filters);
      const { letters: found, next } = await listDeadLetters(letters, filters, page);
      return pageReply(request, { data: found.map(letterView), nextCursor: cursorAt(next) });
    },
  });

const countRoute = ({ letters }: LetterParts): Route =>
  route({
    operationId: 'countDeadLetters',
    method: 'GET',
    path: `${deadLettersPath}/counts`,
    access: 'deliveries:read',
    tag,
    summary: 'Count dead letters by kind, reason and state',
    query: letterCountQuery,
    answers: { 200: { description: 'The counts.', schema: countsSchema } },
    handle: async ({ query, principal }) => ({
      status: 200,
      body: countsView(await letters.count(letterFiltersOf(query, principal))),
    }),
  });

const readRoute = ({ letters }: LetterParts): Route =>
  route({
    operationId: 'getDeadLetter',
    method: 'GET',
    path: `${deadLettersPath}/{id}`,
    access: 'deliveries:read',
    tag,
    summary: 'Read a dead letter with its command, attempts and body',
    params,
    answers: { 200: { description: 'The dead letter.', schema: letterDetailSchema } },
    handle: async ({ params: { id }, principal }) => {
      const found = await readDeadLetter(letters, oneLetter(id, principal));
      if (found === null) throw notFound(id);
      return { status: 200, body: letterDetailView(found.letter, found.content) };
    },
  });

const refusePoison = (letter: DeadLetter, isToOrigin: boolean): void => {
  if (letter.ref.kind !== 'poison' || isToOrigin) return;
  const detail = `must be true: the record goes back to ${letter.ref.topic} as it was. Only do that when what could not work on it can now.`;
  throw new AppError({
    code: 'unprocessable',
    message: `/to_origin ${detail}`,
    details: [{ pointer: '/to_origin', detail }],
  });
};

const redriveRoute = (parts: LetterParts): Route =>
  route({
    operationId: 'redriveDeadLetter',
    method: 'POST',
    path: `${deadLettersPath}/{id}/redrive`,
    access: 'deliveries:write',
    tag,
    summary: 'Send a dead letter again',
    description:
      'Starts a job. For a letter that is being sent already, or was, the answer is the job that does so, or 409 where the key cannot see that job: nothing is sent twice.',
    params,
    body: jsonBody<Readonly<{ to_origin?: boolean }>>({ schema: letterBodies.redriveOne, ifEmpty: {} }),
    newId: newJobId,
    answers: { 202: { description: 'The job.', schema: jobSchema, headers: ['Location'] } },
    problems: ['conflict'],
    find: async ({ params: { id }, principal }) => find(parts, id, principal),
    handle: async ({ params: { id }, principal, body, run }) => {
      const letter = await find(parts, id, principal);
      refusePoison(letter, body.to_origin === true);
      const job = await redriveOne(parts, letter, {
        id: run.id,
        filters: letterWallsOf(principal),
        by: principal.keyId,
        ratePerSecond: parts.ratePerSecond,
      });
      const headers = { location: `${jobsPath}/${job.id}` };
      return { status: 202, body: jobView(await standingOf(parts.letters, job)), headers };
    },
  });

const discardRoute = (parts: LetterParts): Route =>
  route({
    operationId: 'discardDeadLetter',
    method: 'POST',
    path: `${deadLettersPath}/{id}/discard`,
    access: 'deliveries:write',
    tag,
    summary: 'Give a dead letter up for good',
    description: 'It can be read, with the reason, until its retention has passed; it is never sent again.',
    params,
    body: jsonBody<Readonly<{ reason: string }>>({ schema: letterBodies.discardOne }),
    answers: { 200: { description: 'The dead letter.', schema: letterSchema } },
    problems: ['conflict'],
    find: async ({ params: { id }, principal }) => find(parts, id, principal),
    handle: async ({ params: { id }, principal, body: { reason } }) => {
      const letter = await find(parts, id, principal);
      const discarded = await discardDeadLetter(parts, letter, { by: principal.keyId, reason });
      return { status: 200, body: letterView(discarded) };
    },
  });
