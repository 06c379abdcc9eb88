import { workspaceId } from '@tidings/contracts';
import {
  type IfMatch,
  jsonBody,
  named,
  type PageQuery,
  type Principal,
  pageParameters,
  pageReply,
  pageSchema,
  patchBody,
  queryOf,
  type Route,
  route,
} from '@tidings/http';
import { AppError } from '@tidings/runtime';
import { actorOf } from '../../registry/adapters/call-scope.ts';
import { cursorPosition } from '../../registry/adapters/cursor-position.ts';
import type { Documents } from '../../registry/documents.ts';
import { findTarget, notFound, type Target } from '../../registry/write-version.ts';
import {
  changeWorkspace,
  createWorkspace,
  switchWorkspace,
  type WorkspaceParts,
} from '../change-workspace.ts';
import type { Workspace } from '../domain/workspace.ts';
import {
  type WorkspaceBody,
  type WorkspacePatch,
  workspaceBodySchemas,
  workspaceIdSchema,
} from '../domain/workspace-body.ts';
import { workspaceKind } from '../workspace-kind.ts';
import {
  createdReply,
  createdWorkspaceSchema,
  workspaceReply,
  workspaceSchema,
  workspaceView,
} from './workspace-view.ts';

/** Dependencies of the workspace routes. */
export type WorkspaceRouteParts = Documents<Workspace> & WorkspaceParts;

const path = '/v1/webhooks/workspaces';
const one = `${path}/{id}` as const;
const tag = 'Workspaces';
const params = { id: workspaceIdSchema } as const;
const shown = { schema: workspaceSchema, headers: ['ETag'] } as const;

const isOperator = ({ scopes, consumerId }: Principal): boolean =>
  consumerId === null && scopes.has('platform');

type WorkspaceCall = Parameters<typeof actorOf>[0] &
  Readonly<{ params: Readonly<{ id: string }>; ifMatch: IfMatch }>;

// A key without the scope `platform` sees only its own workspace; all others do not exist for it.
function targetOf(call: WorkspaceCall): Target {
  const { principal, params: named } = call;
  const isOwn = principal.consumerId === null && principal.workspaceId === named.id;
  if (!isOwn && !isOperator(principal)) throw notFound(workspaceKind, named.id);
  const scope = { workspaceId: workspaceId(named.id), consumerId: null };
  return { scope, id: named.id, ifMatch: call.ifMatch, by: actorOf(call) };
}

function requireOperator(principal: Principal): void {
  if (isOperator(principal)) return;
  const message = 'A key of one consumer has no access to workspaces.';
  throw new AppError({ code: 'forbidden', message });
}

/** Returns the routes of `/v1/webhooks/workspaces`. */
export const workspaceRoutes = (parts: WorkspaceRouteParts): Route[] => [
  listRoute(parts),
  createRoute(parts),
  readRoute(parts),
  changeRoute(parts),
  switchRoute(parts, 'enable'),
  switchRoute(parts, 'disable'),
];

const listRoute = ({ store, ring }: WorkspaceRouteParts): Route =>
  route({
    operationId: 'listWorkspaces',
    method: 'GET',
    path,
    access: 'platform',
    tag,
    summary: 'List all workspaces by id',
    query: queryOf<PageQuery & Readonly<{ state?: 'active' | 'disabled' }>>({
      state: { type: 'string', enum: ['active', 'disabled'], description: 'Only those in this state.' },
      ...pageParameters,
    }),
    responses: {
      200: {
        description: 'A page.',
        schema: named('WorkspacePage', pageSchema(workspaceSchema)),
        headers: ['Link'],
      },
    },
    handle: async ({ principal, query, request }) => {
      requireOperator(principal);
      const { state, cursor, limit } = query;
      const filters = { state, of: 'workspaces' };
      const position = cursorPosition(cursor, { workspaceId: principal.workspaceId, filters });
      const where = { in: { state: state === undefined ? ['active', 'disabled'] : [state] } };
      const { items, nextAfterId } = await store.listAll({ where, afterId: position.afterId, limit });
      const data = items.map((entity) => workspaceView(ring, { entity, propagated: !entity.isUnpublished }));
      return pageReply(request, { data, nextCursor: position.cursorAfter(nextAfterId) });
    },
  });

const createRoute = (parts: WorkspaceRouteParts): Route =>
  route({
    operationId: 'createWorkspace',
    method: 'POST',
    path,
    access: 'platform',
    tag,
    summary: 'Create a workspace',
    description:
      'The workspace is strict by default and has no key yet: `first_key` in the response is the request ' +
      'that creates one. The id identifies the workspace: repeating the request returns 409.',
    problems: ['conflict'],
    body: jsonBody<WorkspaceBody>({
      schema: named('NewWorkspace', workspaceBodySchemas.create, { id: 'ws_shop', name: 'The shop' }),
    }),
    responses: {
      201: { description: 'The workspace.', schema: createdWorkspaceSchema, headers: ['ETag', 'Location'] },
    },
    handle: async (call) => {
      requireOperator(call.principal);
      const id = workspaceId(call.body.id);
      const created = await createWorkspace(parts, { id, body: call.body, by: actorOf(call) });
      return createdReply(parts.ring, created);
    },
  });

const readRoute = (parts: WorkspaceRouteParts): Route =>
  route({
    operationId: 'getWorkspace',
    method: 'GET',
    path: one,
    access: 'admin',
    tag,
    summary: 'Read a workspace',
    description: "The caller's own workspace, or any with the scope `platform`.",
    params,
    responses: { 200: { description: 'The workspace.', ...shown } },
    handle: async (call) => {
      const entity = await findTarget(parts, targetOf({ ...call, ifMatch: null }));
      return workspaceReply(parts.ring, { entity, propagated: !entity.isUnpublished });
    },
  });

const changeRoute = (parts: WorkspaceRouteParts): Route =>
  route({
    operationId: 'changeWorkspace',
    method: 'PATCH',
    path: one,
    access: 'admin',
    tag,
    summary: 'Change the rules of a workspace',
    description:
      "The caller's own workspace, or any with the scope `platform`. The body is merged into the rules (RFC 7396). Enabling `allow_http`, and " +
      "raising `max_subscriptions` above its current value and the operator's default, or `retention_days` above its " +
      'current value and 30, require `platform`.',
    params,
    takes: ['If-Match'],
    body: patchBody<WorkspacePatch>({
      schema: named('WorkspaceChange', workspaceBodySchemas.change, { event_type_policy: 'open' }),
    }),
    responses: { 200: { description: 'The new version.', ...shown } },
    find: async (call) => findTarget(parts, targetOf(call)),
    handle: async (call) => {
      const change = { body: call.body, isOperator: isOperator(call.principal) };
      return workspaceReply(parts.ring, await changeWorkspace(parts, targetOf(call), change));
    },
  });

const switches = {
  enable: { operationId: 'enableWorkspace', summary: 'Enable the keys of a workspace' },
  disable: { operationId: 'disableWorkspace', summary: 'Disable the keys of a workspace' },
} as const;

const switchRoute = (parts: WorkspaceRouteParts, action: 'enable' | 'disable'): Route =>
  route({
    ...switches[action],
    method: 'POST',
    path: `${one}/${action}` as const,
    access: 'platform',
    tag,
    description: 'Keys with the scope `platform` stay enabled.',
    params,
    takes: ['If-Match'],
    responses: { 200: { description: 'The new version.', ...shown } },
    handle: async (call) => {
      const state = action === 'enable' ? 'active' : 'disabled';
      return workspaceReply(parts.ring, await switchWorkspace(parts, targetOf(call), state));
    },
  });
