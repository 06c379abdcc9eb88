import {
  decodeCursor,
  encodeCursor,
  jsonBody,
  type PageQuery,
  type Principal,
  pageParameters,
  pageReply,
  queryOf,
  type Route,
  route,
  traceparentOf,
} from '@tidings/http';
import { deadLetterScopeOf } from '../../dead-letters/adapters/dead-letter-request.ts';
import { jobPositionOf } from '../../jobs/adapters/job-position.ts';
import { newJobId } from '../../jobs/start-job.ts';
import type { ExportFormat } from '../domain/export-format.ts';
import type { ExportSubject } from '../domain/export-spec.ts';
import type { LinkKeys } from '../domain/sign-link.ts';
import {
  deleteExport,
  type ExportParts,
  type ExportScope,
  findExport,
  listExports,
  startExport,
} from '../manage-exports.ts';
import type { ExportJob } from '../run-export.ts';
import { exportBody, exportListSchema, exportSchema } from './export-schemas.ts';
import { exportsPath, exportView } from './export-view.ts';

/** The dependencies of the routes. */
export type ExportRouteParts = ExportParts & Readonly<{ linkKeys: LinkKeys }>;

type ExportRequest = Readonly<{
  of: ExportSubject;
  format: ExportFormat;
  filter?: Readonly<Record<string, string>>;
  gzip?: boolean;
  bom?: boolean;
}>;

const tag = 'Exports';

/** The schema of an id in a path. */
export const exportParams = {
  id: { type: 'string', pattern: '^job_[0-9a-f]{32}$', description: 'The id of the export.' },
} as const;

const scopeOf = (principal: Principal): ExportScope => ({
  ...deadLetterScopeOf(principal),
  isAdmin: principal.scopes.has('admin'),
});

/** Declares the routes that request, list, read and delete exports. */
export const exportRoutes = (parts: ExportRouteParts): Route[] => [
  createRoute(parts),
  listRoute(parts),
  readRoute(parts),
  deleteRoute(parts),
];

const viewed = ({ clock, linkKeys }: ExportRouteParts, job: ExportJob): object =>
  exportView(job, linkKeys, clock.nowMs());

const createRoute = (parts: ExportRouteParts): Route =>
  route({
    operationId: 'createExport',
    method: 'POST',
    path: exportsPath,
    access: 'deliveries:read',
    tag,
    summary: 'Export events, deliveries, attempts, dead letters or the audit log to a file',
    description:
      'Starts a job that writes a file of what the key can see now. Read the export for its progress and, once it is ready, for a link to the file. An export of the audit log needs the scope admin. A workspace has at most 5 exports that have not ended: 409.',
    body: jsonBody<ExportRequest>({ schema: exportBody }),
    newId: newJobId,
    responses: { 202: { description: 'The export.', schema: exportSchema, headers: ['Location'] } },
    problems: ['conflict'],
    handle: async ({ principal, body, run: { id }, request }) => {
      const { of, format, filter = {}, gzip = false, bom = false } = body;
      const origin = { by: principal.keyId, traceparent: traceparentOf(request) };
      const order = { id, ...origin, of, format, filter, isGzip: gzip, hasBom: bom };
      const job = await startExport(parts, order, scopeOf(principal));
      // A repeat gets the stored response, which must not contain a link.
      const view = { ...viewed(parts, job), download_url: null };
      return { status: 202, body: view, headers: { location: `${exportsPath}/${job.id}` } };
    },
  });

const listRoute = (parts: ExportRouteParts): Route =>
  route({
    operationId: 'listExports',
    method: 'GET',
    path: exportsPath,
    access: 'deliveries:read',
    tag,
    summary: 'List exports, newest first',
    description: 'A page may have fewer exports than `limit` although others follow: see `next_cursor`.',
    query: queryOf<PageQuery>(pageParameters),
    responses: { 200: { description: 'A page.', schema: exportListSchema, headers: ['Link'] } },
    handle: async ({ query: { cursor, limit }, principal, request }) => {
      const scope = scopeOf(principal);
      const { workspaceId, ownerId } = scope;
      const binding = { workspaceId, filters: { list: 'exports', ownerId } };
      const after = cursor === undefined ? null : jobPositionOf(decodeCursor(cursor, binding));
      const { exports: found, next } = await listExports(parts, scope, { limit, after });
      const nextCursor = next === null ? null : encodeCursor([next.createdAtMs, next.id], binding);
      return pageReply(request, { data: found.map((job) => viewed(parts, job)), nextCursor });
    },
  });

const readRoute = (parts: ExportRouteParts): Route =>
  route({
    operationId: 'getExport',
    method: 'GET',
    path: `${exportsPath}/{id}`,
    access: 'deliveries:read',
    tag,
    summary: 'Read an export, its progress and the link to its file',
    params: exportParams,
    responses: { 200: { description: 'The export.', schema: exportSchema } },
    handle: async ({ params: { id }, principal }) => ({
      status: 200,
      body: viewed(parts, await findExport(parts, id, scopeOf(principal))),
    }),
  });

const deleteRoute = (parts: ExportRouteParts): Route =>
  route({
    operationId: 'deleteExport',
    method: 'DELETE',
    path: `${exportsPath}/{id}`,
    access: 'deliveries:read',
    tag,
    summary: 'Delete an export and its file',
    description: 'An export that has not ended is cancelled. Its links no longer work.',
    params: exportParams,
    responses: { 204: { description: 'The export is deleted.' } },
    handle: async ({ params: { id }, principal }) => {
      await deleteExport(parts, id, scopeOf(principal));
      return { status: 204 };
    },
  });
