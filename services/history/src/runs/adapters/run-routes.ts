import { runId } from '@tidings/contracts';
import { jsonBody, type Principal, pageReply, type Route, route } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import { tenantScopeOf } from '../../adapters/tenant-scope.ts';
import { type CommandRunParts, cancelRun, findRun, retryRun } from '../command-run.ts';
import type { RunStore } from '../ports.ts';
import { readRunQuery, runListQuery } from './run-query.ts';
import { cancelRunBody, runPageSchema, runSchema } from './run-schemas.ts';
import { runView, summaryView } from './run-view.ts';

/** The dependencies of the routes. */
export type RunRouteParts = CommandRunParts & Readonly<{ runs: Pick<RunStore, 'find' | 'list'> }>;

const tag = 'Runs';
const params = {
  id: { type: 'string', pattern: '^run_[0-9a-f]{32}$', description: 'The id of the run.' },
} as const;

const orderFor = (id: string, principal: Principal) => ({
  id: runId(id),
  workspaceId: tenantScopeOf(principal).workspaceId,
  by: principal.keyId,
});

const none = { find: async () => null, list: async () => [] };

/** Runs show what internal services do, names, results and errors: for a partner there are none. */
const seenBy = (parts: RunRouteParts, { consumerId }: Principal): RunRouteParts =>
  consumerId === null ? parts : { ...parts, runs: none };

const find = async (parts: RunRouteParts, id: string, principal: Principal) =>
  findRun(seenBy(parts, principal).runs, orderFor(id, principal));

const listRoute = ({ runs }: RunRouteParts): Route =>
  route({
    operationId: 'listRuns',
    method: 'GET',
    path: '/v1/webhooks/runs',
    access: 'deliveries:read',
    tag,
    summary: 'List runs, newest first',
    description:
      'The work that events have started in worker applications, by the time of its start. A change of a run appears within some two seconds. Not for keys of a consumer.',
    query: runListQuery,
    responses: { 200: { description: 'A page.', schema: runPageSchema, headers: ['Link'] } },
    handle: async ({ query, principal, request }) => {
      if (principal.consumerId !== null) {
        const message = 'Runs belong to the workspace: a key of one consumer cannot list them.';
        throw new AppError({ code: 'forbidden', message });
      }
      const { filters, page, cursorAt } = readRunQuery(query, principal);
      // One more than requested shows whether there is another page.
      const found = await runs.list(filters, { ...page, limit: page.limit + 1 });
      const listed = found.slice(0, page.limit);
      const last = listed.at(-1);
      const hasMore = found.length > page.limit && last !== undefined;
      return pageReply(request, {
        data: listed.map(summaryView),
        nextCursor: hasMore ? cursorAt({ startedAtMs: last.startedAtMs, id: last.runId }) : null,
      });
    },
  });

const readRoute = (parts: RunRouteParts): Route =>
  route({
    operationId: 'getRun',
    method: 'GET',
    path: '/v1/webhooks/runs/{id}',
    access: 'deliveries:read',
    tag,
    summary: 'Read a run and its steps',
    params,
    responses: { 200: { description: 'The run.', schema: runSchema } },
    handle: async ({ params: { id }, principal }) => ({
      status: 200,
      body: runView(await find(parts, id, principal)),
    }),
  });

const retryRoute = (parts: RunRouteParts): Route =>
  route({
    operationId: 'retryRun',
    method: 'POST',
    path: '/v1/webhooks/runs/{id}/retry',
    access: 'deliveries:write',
    tag,
    summary: 'Retry a failed run',
    description:
      'Continues from the step that failed, with all of its tries. Steps that succeeded are not run again, unless they were compensated. The response shows the run as it was before; its application takes the order up. 409: the run has not failed.',
    params,
    responses: { 202: { description: 'The order is in the log.', schema: runSchema } },
    problems: ['conflict'],
    find: async ({ params: { id }, principal }) => find(parts, id, principal),
    handle: async ({ params: { id }, principal }) => ({
      status: 202,
      body: runView(await retryRun(seenBy(parts, principal), orderFor(id, principal))),
    }),
  });

const cancelRoute = (parts: RunRouteParts): Route =>
  route({
    operationId: 'cancelRun',
    method: 'POST',
    path: '/v1/webhooks/runs/{id}/cancel',
    access: 'deliveries:write',
    tag,
    summary: 'Cancel a run',
    description:
      'No further step begins, and nothing is compensated; a step in progress is aborted. The response shows the run as it was before; its application takes the order up. 409: the run has ended.',
    params,
    body: jsonBody<Readonly<{ reason?: string }>>({ schema: cancelRunBody, ifEmpty: {} }),
    responses: { 202: { description: 'The order is in the log.', schema: runSchema } },
    problems: ['conflict'],
    find: async ({ params: { id }, principal }) => find(parts, id, principal),
    handle: async ({ params: { id }, principal, body }) => ({
      status: 202,
      body: runView(
        await cancelRun(seenBy(parts, principal), {
          ...orderFor(id, principal),
          reason: body.reason ?? null,
        }),
      ),
    }),
  });

/** Declares the routes of runs. */
export const runRoutes = (parts: RunRouteParts): Route[] => [
  listRoute(parts),
  readRoute(parts),
  retryRoute(parts),
  cancelRoute(parts),
];
