import { consumerId, type WorkspaceId } from '@tidings/contracts';
import {
  etagOf,
  jsonBody,
  named,
  type PageQuery,
  pageParameters,
  pageReply,
  pageSchema,
  patchBody,
  queryOf,
  type Reply,
  type Route,
  route,
} from '@tidings/http';
import { AppError } from '@tidings/runtime';
import {
  actorOf,
  requireWholeWorkspace,
  scopeOf,
  workspaceTargetOf,
} from '../../registry/adapters/call-scope.ts';
import { cursorPosition } from '../../registry/adapters/cursor-position.ts';
import type { Documents } from '../../registry/documents.ts';
import { findTarget, notFound, type Target, type Written } from '../../registry/write-version.ts';
import { consumerKind } from '../access-kinds.ts';
import { changeConsumer, switchConsumer } from '../change-consumer.ts';
import { createConsumer } from '../create-consumer.ts';
import { type Consumer, consumerKey } from '../domain/consumer.ts';
import {
  type ConsumerBody,
  type ConsumerChangeBody,
  consumerBodySchemas,
  consumerIdSchema,
} from '../domain/consumer-body.ts';

const path = '/v1/webhooks/consumers';
const one = `${path}/{id}` as const;
const tag = 'Consumers';
const params = { id: consumerIdSchema } as const;

const textOrNull = { type: ['string', 'null'] } as const;
const time = { type: 'string', format: 'date-time' } as const;
const properties = {
  id: { type: 'string' },
  workspace_id: { type: 'string' },
  name: textOrNull,
  contact: textOrNull,
  state: { type: 'string', enum: ['active', 'disabled'] },
  version: { type: 'integer' },
  created_at: time,
  updated_at: time,
  propagated: {
    type: 'boolean',
    description: 'Whether the topic that the services read has acknowledged this version.',
  },
} as const;
const consumerSchema = named(
  'Consumer',
  {
    type: 'object',
    properties,
    required: Object.keys(properties),
  } as const,
  {
    ...{ id: 'acme', workspace_id: 'ws_shop', name: 'Acme Inc.', contact: 'ops@acme.example' },
    ...{ state: 'active', version: 1, propagated: true },
    ...{ created_at: '2026-11-22T10:00:00.000Z', updated_at: '2026-11-22T10:00:00.000Z' },
  },
);
const shown = { schema: consumerSchema, headers: ['ETag'] } as const;

const consumerView = ({ entity, propagated }: Written<Consumer>): Readonly<Record<string, unknown>> => ({
  id: entity.consumerId,
  workspace_id: entity.workspaceId,
  ...entity.details,
  state: entity.state,
  version: entity.version,
  created_at: new Date(entity.createdAtMs).toISOString(),
  updated_at: new Date(entity.updatedAtMs).toISOString(),
  propagated,
});

const consumerReply = (written: Written<Consumer>, status = 200): Reply => ({
  status,
  body: consumerView(written),
  headers: {
    etag: etagOf(written.entity),
    'cache-control': 'no-store',
    ...(status === 201 ? { location: `${path}/${encodeURIComponent(written.entity.consumerId)}` } : {}),
  },
});

type ConsumerCall = Parameters<typeof workspaceTargetOf>[0] & Readonly<{ params: Readonly<{ id: string }> }>;

const idIn = (workspace: WorkspaceId, id: string): string =>
  consumerKey({ workspaceId: workspace, consumerId: consumerId(id) });

const targetOf = (call: ConsumerCall): Target =>
  workspaceTargetOf(call, {
    kind: consumerKind,
    name: call.params.id,
    idIn: (workspace) => idIn(workspace, call.params.id),
  });

/** Returns the routes of `/v1/webhooks/consumers`. */
export const consumerRoutes = (consumers: Documents<Consumer>): Route[] => [
  listRoute(consumers),
  createRoute(consumers),
  readRoute(consumers),
  changeRoute(consumers),
  switchRoute(consumers, 'enable'),
  switchRoute(consumers, 'disable'),
];

const listRoute = ({ store }: Documents<Consumer>): Route =>
  route({
    operationId: 'listConsumers',
    method: 'GET',
    path,
    access: 'subscriptions:read',
    tag,
    summary: 'List consumers by id',
    description: 'A key of a consumer lists only its own consumer.',
    query: queryOf<PageQuery & Readonly<{ state?: 'active' | 'disabled' }>>({
      state: { type: 'string', enum: ['active', 'disabled'], description: 'Only those in this state.' },
      ...pageParameters,
    }),
    responses: {
      200: {
        description: 'A page.',
        schema: named('ConsumerPage', pageSchema(consumerSchema)),
        headers: ['Link'],
      },
    },
    handle: async ({ principal, query, request }) => {
      const { state, cursor, limit } = query;
      const scope = scopeOf(principal);
      const filters = { state, scope: scope.consumerId, of: 'consumers' };
      const { afterId, cursorAfter } = cursorPosition(cursor, { workspaceId: scope.workspaceId, filters });
      const where = { in: { state: state === undefined ? ['active', 'disabled'] : [state] } };
      const { items, nextAfterId } = await store.list(scope, { where, afterId, limit, order: 'rising' });
      const data = items.map((entity) => consumerView({ entity, propagated: !entity.isUnpublished }));
      return pageReply(request, { data, nextCursor: cursorAfter(nextAfterId) });
    },
  });

const createRoute = (consumers: Documents<Consumer>): Route =>
  route({
    operationId: 'createConsumer',
    method: 'POST',
    path,
    access: 'admin',
    tag,
    summary: 'Register a consumer',
    description: 'The id identifies the consumer: repeating the request returns 409.',
    problems: ['conflict'],
    body: jsonBody<ConsumerBody>({
      schema: named('NewConsumer', consumerBodySchemas.create, { id: 'acme', name: 'Acme Inc.' }),
    }),
    responses: {
      201: { description: 'The consumer.', schema: consumerSchema, headers: ['ETag', 'Location'] },
    },
    handle: async (call) => {
      requireWholeWorkspace(call.principal, 'Consumers belong');
      const { workspaceId } = scopeOf(call.principal);
      const { id, name = null, contact = null } = call.body;
      const ref = { workspaceId, consumerId: consumerId(id) };
      const written = await createConsumer(consumers, {
        ref,
        details: { name, contact },
        by: actorOf(call),
      });
      if (written !== null) return consumerReply(written, 201);
      const message = `There is a consumer '${id}' already: change it with PATCH.`;
      throw new AppError({ code: 'conflict', message, details: [{ pointer: '/id', detail: 'is taken' }] });
    },
  });

const readRoute = ({ store }: Documents<Consumer>): Route =>
  route({
    operationId: 'getConsumer',
    method: 'GET',
    path: one,
    access: 'subscriptions:read',
    tag,
    summary: 'Read a consumer',
    params,
    responses: { 200: { description: 'The consumer.', ...shown } },
    handle: async ({ principal, params: { id } }) => {
      const scope = scopeOf(principal);
      const entity = await store.find(scope, idIn(scope.workspaceId, id));
      if (entity === null || entity.state === 'deleted') throw notFound(consumerKind, id);
      return consumerReply({ entity, propagated: !entity.isUnpublished });
    },
  });

const changeRoute = (consumers: Documents<Consumer>): Route =>
  route({
    operationId: 'changeConsumer',
    method: 'PATCH',
    path: one,
    access: 'admin',
    tag,
    summary: 'Change a consumer',
    params,
    takes: ['If-Match'],
    body: patchBody<ConsumerChangeBody>({
      schema: named('ConsumerChange', consumerBodySchemas.change, { contact: 'ops@acme.example' }),
    }),
    responses: { 200: { description: 'The new version.', ...shown } },
    find: async (call) => findTarget(consumers, targetOf(call)),
    handle: async (call) => consumerReply(await changeConsumer(consumers, targetOf(call), call.body)),
  });

const switches = {
  enable: { operationId: 'enableConsumer', summary: 'Enable the keys of a consumer' },
  disable: { operationId: 'disableConsumer', summary: 'Disable the keys and tokens of a consumer' },
} as const;

const switchRoute = (consumers: Documents<Consumer>, action: 'enable' | 'disable'): Route =>
  route({
    ...switches[action],
    method: 'POST',
    path: `${one}/${action}` as const,
    access: 'admin',
    tag,
    description: `Does not change the consumer's subscriptions.`,
    params,
    takes: ['If-Match'],
    responses: { 200: { description: 'The new version.', ...shown } },
    handle: async (call) =>
      consumerReply(await switchConsumer(consumers, targetOf(call), action === 'enable')),
  });
