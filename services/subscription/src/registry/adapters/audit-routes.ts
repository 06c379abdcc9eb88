import {
  named,
  type PageQuery,
  pageParameters,
  pageReply,
  pageSchema,
  queryOf,
  type Route,
  readTime,
  route,
  timeParameter,
} from '@tidings/http';
import { AppError } from '@tidings/runtime';
import type { AuditEntry } from '../domain/audit-entry.ts';
import type { AuditLog } from '../ports.ts';
import { scopeOf } from './call-scope.ts';
import { cursorPosition } from './cursor-position.ts';

const path = '/v1/webhooks/audit-log';
const tag = 'Audit';
const textOrNull = { type: ['string', 'null'] } as const;
const properties = {
  id: { type: 'string' },
  at: { type: 'string', format: 'date-time' },
  operation: { type: 'string' },
  kind: { type: 'string' },
  entity_id: { type: 'string' },
  consumer_id: textOrNull,
  version: { type: 'integer', description: 'Version that the change created.' },
  actor: {
    type: 'object',
    properties: { key_id: textOrNull, address: textOrNull },
    required: ['key_id', 'address'],
    description: 'Key and address of the caller; both are null for Tidings itself.',
  },
  before: {
    type: ['object', 'null'],
    description: 'The changed fields before the change; null for a creation.',
  },
  after: { type: 'object', description: 'The changed fields after the change. Secrets are masked as `***`.' },
} as const;
const entrySchema = named(
  'AuditEntry',
  { type: 'object', properties, required: Object.keys(properties) } as const,
  {
    ...{ id: 'aud_019aab3cf40000000002a1b2c3d4e5f6', at: '2026-11-22T10:00:00.000Z' },
    ...{ operation: 'changed', kind: 'subscription', entity_id: 'sub_019aab3cf4007c3d8e4f5a6b7c8d9e0f' },
    ...{ consumer_id: 'acme', version: 2, actor: { key_id: 'key_shop', address: '203.0.113.9' } },
    ...{ before: { timeout_ms: 10_000 }, after: { timeout_ms: 20_000 } },
  },
);

const entryView = (entry: AuditEntry): Readonly<Record<string, unknown>> => ({
  id: entry.id,
  at: new Date(entry.atMs).toISOString(),
  operation: entry.operation,
  kind: entry.kind,
  entity_id: entry.entityId,
  consumer_id: entry.consumerId,
  version: entry.version,
  actor: { key_id: entry.actor.keyId, address: entry.actor.address },
  before: entry.before,
  after: entry.after,
});

type LogQuery = PageQuery &
  Readonly<{ kind?: string; entity_id?: string; key_id?: string; after?: string; before?: string }>;

const text = (description: string) =>
  ({ type: 'string', minLength: 1, maxLength: 256, description }) as const;

/** Returns the routes of `/v1/webhooks/audit-log`. `kinds`: names of the kinds that a caller can select. */
export const auditRoutes = (audit: Pick<AuditLog, 'list' | 'find'>, kinds: readonly string[]): Route[] => [
  listRoute(audit, kinds),
  readRoute(audit),
];

const listRoute = (audit: Pick<AuditLog, 'list'>, kinds: readonly string[]): Route =>
  route({
    operationId: 'listAuditLog',
    method: 'GET',
    path,
    access: 'admin',
    tag,
    summary: 'List audit log entries, newest first',
    description: `Lists the entries of the caller's workspace. An entry appears within seconds after its change.`,
    query: queryOf<LogQuery>({
      kind: { type: 'string', enum: kinds, description: 'Only changes of documents of this kind.' },
      entity_id: text(
        'Only changes of this document; for a consumer or event type: `<workspace>/<id or name>`.',
      ),
      key_id: text('Only changes by this key.'),
      after: timeParameter('Only changes after this time.'),
      before: timeParameter('Only changes before this time.'),
      ...pageParameters,
    }),
    responses: {
      200: { description: 'A page.', schema: named('AuditPage', pageSchema(entrySchema)), headers: ['Link'] },
    },
    handle: async ({ principal, query, request }) => {
      const { kind, entity_id, key_id, after, before, cursor, limit } = query;
      const scope = scopeOf(principal);
      const filters = { kind, entity_id, key_id, after, before, scope: scope.consumerId, of: 'audit-log' };
      const { afterId, cursorAfter } = cursorPosition(cursor, { workspaceId: scope.workspaceId, filters });
      const { items, nextAfterId } = await audit.list(scope, {
        kind: kind ?? null,
        entityId: entity_id ?? null,
        keyId: key_id ?? null,
        afterMs: after === undefined ? undefined : readTime(after, 'after'),
        beforeMs: before === undefined ? undefined : readTime(before, 'before'),
        afterId,
        limit,
      });
      return pageReply(request, { data: items.map(entryView), nextCursor: cursorAfter(nextAfterId) });
    },
  });

const readRoute = (audit: Pick<AuditLog, 'find'>): Route =>
  route({
    operationId: 'getAuditEntry',
    method: 'GET',
    path: `${path}/{id}`,
    access: 'admin',
    tag,
    summary: 'Read an audit log entry',
    params: {
      id: { type: 'string', pattern: '^aud_[0-9a-f]{1,64}$', description: 'The id of the entry.' },
    },
    responses: { 200: { description: 'The entry.', schema: entrySchema } },
    handle: async ({ principal, params: { id } }) => {
      const entry = await audit.find(scopeOf(principal), id);
      if (entry !== null) return { status: 200, body: entryView(entry) };
      throw new AppError({ code: 'not-found', message: `There is no audit log entry '${id}'.` });
    },
  });
