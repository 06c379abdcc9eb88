import { newSourceId, sourceId, sourceIdRule } from '@tidings/contracts';
import {
  jsonBody,
  named,
  type PageQuery,
  pageParameters,
  pageReply,
  patchBody,
  queryOf,
  type Route,
  route,
} from '@tidings/http';
import { providers } from '@tidings/inbound';
import {
  actorOf,
  requireWholeWorkspace,
  scopeOf,
  workspaceTargetOf,
} from '../../registry/adapters/call-scope.ts';
import { cursorPosition } from '../../registry/adapters/cursor-position.ts';
import { findTarget, notFound, type Target } from '../../registry/write-version.ts';
import { changeSource, deleteSource, rotateSourceSecret, switchSource } from '../change-source.ts';
import { createSource, type SourceParts } from '../create-source.ts';
import {
  type SourceBody,
  type SourceChangeBody,
  type SourceRotateBody,
  sourceBodySchemas,
} from '../domain/source-body.ts';
import { sourceKind } from '../source-kind.ts';
import { sourcePageSchema, sourceReply, sourceSchema, sourceView } from './source-schemas.ts';

/** Dependencies of the routes. */
export type SourceRouteParts = SourceParts & Readonly<{ secretOverlapMs: number }>;

const path = '/v1/webhooks/sources';
const one = `${path}/{id}` as const;
const tag = 'Sources';
const shown = { schema: sourceSchema, headers: ['ETag'] } as const;
const params = {
  id: { ...sourceIdRule, description: 'The id of the source.' },
} as const;
const bodies = sourceBodySchemas([...providers.keys()]);
// No key of a consumer has this scope: sources belong to the workspace.
const access = 'sources:write';

type SourceCall = Parameters<typeof workspaceTargetOf>[0] & Readonly<{ params: Readonly<{ id: string }> }>;

const targetOf = (call: SourceCall): Target =>
  workspaceTargetOf(call, { kind: sourceKind, name: call.params.id, idIn: () => call.params.id });

/** The routes of `/v1/webhooks/sources`. */
export const sourceRoutes = (parts: SourceRouteParts): Route[] => [
  listRoute(parts),
  createRoute(parts),
  readRoute(parts),
  changeRoute(parts),
  rotateRoute(parts),
  switchRoute(parts, 'enable'),
  switchRoute(parts, 'disable'),
  deleteRoute(parts),
];

type ListQuery = PageQuery & Readonly<{ state?: 'active' | 'disabled' }>;

const listRoute = ({ store }: SourceRouteParts): Route =>
  route({
    operationId: 'listSources',
    method: 'GET',
    path,
    access,
    tag,
    summary: 'List sources, newest first',
    query: queryOf<ListQuery>({
      state: { type: 'string', enum: ['active', 'disabled'], description: 'Only those in this state.' },
      ...pageParameters,
    }),
    responses: { 200: { description: 'A page.', schema: sourcePageSchema, headers: ['Link'] } },
    handle: async ({ principal, query, request }) => {
      requireWholeWorkspace(principal, 'Sources belong');
      const { state, cursor, limit } = query;
      const scope = scopeOf(principal);
      const filters = { state, scope: scope.consumerId, of: 'sources' };
      const { afterId, cursorAfter } = cursorPosition(cursor, { workspaceId: scope.workspaceId, filters });
      const where = { in: { state: state === undefined ? ['active', 'disabled'] : [state] } };
      const { items, nextAfterId } = await store.list(scope, { where, afterId, limit, order: 'falling' });
      const data = items.map((entity) => sourceView({ entity, propagated: !entity.isUnpublished }));
      return pageReply(request, { data, nextCursor: cursorAfter(nextAfterId) });
    },
  });

const createRoute = (parts: SourceRouteParts): Route =>
  route({
    operationId: 'createSource',
    method: 'POST',
    path,
    access,
    tag,
    summary: 'Create a source of third-party webhooks',
    description:
      'The provider sends its webhooks to `path` of the response, without a key: each is verified with the `secrets`, which are never shown.',
    newId: newSourceId,
    body: jsonBody<SourceBody>({
      schema: named('NewSource', bodies.create),
      example: { provider: 'github', name: 'Our repositories', secrets: ['a secret of twenty characters'] },
    }),
    responses: { 201: { description: 'The source.', schema: sourceSchema, headers: ['ETag', 'Location'] } },
    handle: async (call) => {
      requireWholeWorkspace(call.principal, 'Sources belong');
      const id = sourceId(call.run.id);
      const creation = { scope: scopeOf(call.principal), body: call.body, id, by: actorOf(call) };
      const written = await createSource(parts, creation);
      return sourceReply(written, { status: 201, headers: { location: `${path}/${id}` } });
    },
  });

const readRoute = ({ store }: SourceRouteParts): Route =>
  route({
    operationId: 'getSource',
    method: 'GET',
    path: one,
    access,
    tag,
    summary: 'Read a source',
    params,
    responses: { 200: { description: 'The source.', ...shown } },
    handle: async ({ principal, params: { id } }) => {
      const scope = scopeOf(principal);
      const entity = scope.consumerId === null ? await store.find(scope, id) : null;
      if (entity === null || entity.state === 'deleted') throw notFound(sourceKind, id);
      return sourceReply({ entity, propagated: !entity.isUnpublished });
    },
  });

const changeRoute = (parts: SourceRouteParts): Route =>
  route({
    operationId: 'changeSource',
    method: 'PATCH',
    path: one,
    access,
    tag,
    summary: 'Change a source',
    description: 'The body is merged into the source (RFC 7396). Secrets change by rotation only.',
    params,
    takes: ['If-Match'],
    body: patchBody<SourceChangeBody>({
      schema: named('SourceChange', bodies.change),
      example: { name: 'All repositories' },
    }),
    responses: { 200: { description: 'The new version.', ...shown } },
    find: async (call) => findTarget(parts, targetOf(call)),
    handle: async (call) => sourceReply(await changeSource(parts, targetOf(call), call.body)),
  });

const rotateRoute = (parts: SourceRouteParts): Route =>
  route({
    operationId: 'rotateSourceSecret',
    method: 'POST',
    path: `${one}/rotate`,
    access,
    tag,
    summary: 'Give a source a new secret',
    description: 'The old secrets stay valid for the overlap, so that the provider can be changed meanwhile.',
    params,
    takes: ['If-Match'],
    body: jsonBody<SourceRotateBody>({
      schema: named('RotateSourceSecret', bodies.rotate),
      example: { secret: 'another secret of theirs', overlap_seconds: 3_600 },
    }),
    responses: { 200: { description: 'The new version.', ...shown } },
    find: async (call) => findTarget(parts, targetOf(call)),
    handle: async (call) => sourceReply(await rotateSourceSecret(parts, targetOf(call), call.body)),
  });

const switches = {
  enable: { operationId: 'enableSource', summary: 'Enable a source' },
  disable: { operationId: 'disableSource', summary: 'Disable a source: its webhooks are refused with 404' },
} as const;

const switchRoute = (parts: SourceRouteParts, action: 'enable' | 'disable'): Route =>
  route({
    ...switches[action],
    method: 'POST',
    path: `${one}/${action}` as const,
    access,
    tag,
    params,
    takes: ['If-Match'],
    responses: { 200: { description: 'The new version.', ...shown } },
    handle: async (call) => sourceReply(await switchSource(parts, targetOf(call), action === 'enable')),
  });

const deleteRoute = (parts: SourceRouteParts): Route =>
  route({
    operationId: 'deleteSource',
    method: 'DELETE',
    path: one,
    access,
    tag,
    summary: 'Delete a source',
    params,
    takes: ['If-Match'],
    responses: { 200: { description: 'The last version.', ...shown } },
    handle: async (call) => sourceReply(await deleteSource(parts, targetOf(call))),
  });
