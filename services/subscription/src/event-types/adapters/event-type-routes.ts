import { jsonBody, pageReply, patchBody, queryOf, type Route, route } from '@tidings/http';
import { actorOf, scopeOf } from '../../registry/adapters/call-scope.ts';
import { findTarget, notFound, type WriteParts } from '../../registry/write-version.ts';
import { addSchema, archiveEventType, changeEventType, replaceEventType } from '../change-event-type.ts';
import { createEventType } from '../create-event-type.ts';
import { type CatalogueFormat, catalogueDocument, catalogueFormats } from '../domain/catalogue-document.ts';
import type { EventType } from '../domain/event-type.ts';
import type { ChangeBody, CreateBody, ReplaceBody, SchemaBody } from '../domain/request-body.ts';
import { eventTypeKind } from '../event-type-kind.ts';
import { allEventTypes, listEventTypes, readEventType } from '../read-event-types.ts';
import { bodies } from './event-type-bodies.ts';
import {
  eventTypeReply,
  listQuery,
  listRequestOf,
  nameParams,
  requireCatalogue,
  targetOf,
} from './event-type-calls.ts';
import { catalogueSchema, eventTypeSchema, listSchema, schemaVersionSchema } from './event-type-schemas.ts';
import { eventTypeView } from './event-type-view.ts';
import { importRoute } from './import-route.ts';

/** Dependencies of the event type routes. */
export type EventTypeParts = WriteParts<EventType>;

const path = '/v1/webhooks/event-types';
const one = `${path}/{name}` as const;
const tag = 'Event types';
// A schema of 64 KiB, an example of the same size, and the fields around them.
const maxBytes = 192 * 1024;
const shown = { schema: eventTypeSchema, headers: ['ETag'] } as const;

/** Returns the routes of `/v1/webhooks/event-types`. */
export const eventTypeRoutes = (parts: EventTypeParts): Route[] => [
  listRoute(parts),
  createRoute(parts),
  exportRoute(parts),
  importRoute(parts),
  readRoute(parts),
  replaceRoute(parts),
  changeRoute(parts),
  archiveRoute(parts),
  addSchemaRoute(parts),
  readSchemaRoute(parts),
];

const listRoute = ({ store }: EventTypeParts): Route =>
  route({
    operationId: 'listEventTypes',
    method: 'GET',
    path,
    access: 'subscriptions:read',
    tag,
    summary: 'List event types by name',
    description: 'A key of a consumer lists only active and deprecated types.',
    query: listQuery,
    responses: { 200: { description: 'A page.', schema: listSchema, headers: ['Link'] } },
    handle: async ({ principal, query, request }) => {
      const { location, cursorAfter } = listRequestOf(principal, query);
      const { items, nextAfterId } = await listEventTypes(store, scopeOf(principal), location);
      const data = items.map((item) => eventTypeView(item, !item.isUnpublished));
      return pageReply(request, { data, nextCursor: cursorAfter(nextAfterId) });
    },
  });

const createRoute = (parts: EventTypeParts): Route =>
  route({
    operationId: 'createEventType',
    method: 'POST',
    path,
    access: 'admin',
    tag,
    summary: 'Register an event type',
    description: 'The name identifies the type: repeating the request returns 409.',
    problems: ['conflict'],
    body: jsonBody<CreateBody>({ schema: bodies.create, maxBytes }),
    responses: {
      201: { description: 'The type.', schema: eventTypeSchema, headers: ['ETag', 'Location'] },
    },
    handle: async (call) => {
      requireCatalogue(call.principal);
      const { workspaceId } = scopeOf(call.principal);
      const creation = { workspaceId, body: call.body, by: actorOf(call) };
      return eventTypeReply(await createEventType(parts, creation), 201);
    },
  });

const exportRoute = ({ store }: EventTypeParts): Route =>
  route({
    operationId: 'exportEventTypes',
    method: 'GET',
    path: `${path}/export`,
    access: 'subscriptions:read',
    tag,
    summary: 'Export the catalogue as AsyncAPI 3.0 or as OpenAPI 3.1 webhooks',
    description:
      'Properties that neither format has (state, mode, audience, all schemas) are in `x-tidings`.',
    query: queryOf<{ format: CatalogueFormat }>({
      format: {
        type: 'string',
        enum: catalogueFormats,
        default: 'asyncapi',
        description: 'Format of the document.',
      },
    }),
    responses: { 200: { description: 'The document.', schema: catalogueSchema } },
    handle: async ({ principal, query }) => {
      const types = await allEventTypes(store, scopeOf(principal));
      return { status: 200, body: catalogueDocument(types, query.format) };
    },
  });

const readRoute = ({ store }: EventTypeParts): Route =>
  route({
    operationId: 'getEventType',
    method: 'GET',
    path: one,
    access: 'subscriptions:read',
    tag,
    summary: 'Read an event type',
    params: nameParams,
    responses: { 200: { description: 'The type.', ...shown } },
    handle: async ({ principal, params }) => {
      const entity = await readEventType(store, scopeOf(principal), params.name);
      return eventTypeReply({ entity, propagated: !entity.isUnpublished });
    },
  });

const replaceRoute = (parts: EventTypeParts): Route =>
  route({
    operationId: 'replaceEventType',
    method: 'PUT',
    path: one,
    access: 'admin',
    tag,
    summary: 'Replace an event type',
    description:
      'Omitted fields get their defaults. A schema that the type does not have yet becomes its next version; ' +
      'if it can break readers of the active one and `force` is not set, the response is 409 with each such change.',
    params: nameParams,
    takes: ['If-Match'],
    body: jsonBody<ReplaceBody>({ schema: bodies.replace, maxBytes }),
    responses: { 200: { description: 'The new version.', ...shown } },
    find: async (call) => findTarget(parts, targetOf(call)),
    handle: async (call) => eventTypeReply(await replaceEventType(parts, targetOf(call), call.body)),
  });

const changeRoute = (parts: EventTypeParts): Route =>
  route({
    operationId: 'changeEventType',
    method: 'PATCH',
    path: one,
    access: 'admin',
    tag,
    summary: 'Change an event type',
    description:
      'The body is merged into the type (RFC 7396): settings, state or active schema. An `example` that is an ' +
      'object is merged member by member.',
    params: nameParams,
    takes: ['If-Match'],
    body: patchBody<ChangeBody>({ schema: bodies.change, maxBytes }),
    responses: { 200: { description: 'The new version.', ...shown } },
    find: async (call) => findTarget(parts, targetOf(call)),
    handle: async (call) => eventTypeReply(await changeEventType(parts, targetOf(call), call.body)),
  });

const archiveRoute = (parts: EventTypeParts): Route =>
  route({
    operationId: 'archiveEventType',
    method: 'DELETE',
    path: one,
    access: 'admin',
    tag,
    summary: 'Archive an event type',
    description:
      'Ingress then rejects events of this type. The name stays in use; a PATCH of `state` restores the type.',
    params: nameParams,
    takes: ['If-Match'],
    responses: { 200: { description: 'The archived type.', ...shown } },
    handle: async (call) => eventTypeReply(await archiveEventType(parts, targetOf(call))),
  });

const addSchemaRoute = (parts: EventTypeParts): Route =>
  route({
    operationId: 'addEventTypeSchema',
    method: 'POST',
    path: `${one}/schemas`,
    access: 'admin',
    tag,
    summary: 'Add a schema to an event type',
    description:
      'The schema becomes the active one unless `activate` is false. If it can break readers of the active schema and ' +
      '`force` is not set, the response is 409 with each such change.',
    params: nameParams,
    takes: ['If-Match'],
    body: jsonBody<SchemaBody>({ schema: bodies.schema, maxBytes }),
    responses: { 201: { description: 'The type with its new schema.', ...shown } },
    find: async (call) => findTarget(parts, targetOf(call)),
    handle: async (call) => eventTypeReply(await addSchema(parts, targetOf(call), call.body), 201),
  });

const readSchemaRoute = ({ store }: EventTypeParts): Route =>
  route({
    operationId: 'getEventTypeSchema',
    method: 'GET',
    path: `${one}/schemas/{version}`,
    access: 'subscriptions:read',
    tag,
    summary: 'Read a schema of an event type',
    params: {
      ...nameParams,
      version: { type: 'string', pattern: '^[1-9][0-9]{0,5}$', description: 'Version of the schema.' },
    },
    responses: { 200: { description: 'The schema.', schema: schemaVersionSchema } },
    handle: async ({ principal, params }) => {
      const eventType = await readEventType(store, scopeOf(principal), params.name);
      const found = eventType.schemas.find(({ version }) => version === Number(params.version));
      if (found === undefined) throw notFound(eventTypeKind, `${params.name}/schemas/${params.version}`);
      const { version, createdAtMs, schemaJson } = found;
      const body = {
        version,
        created_at: new Date(createdAtMs).toISOString(),
        is_active: version === eventType.activeSchema,
        schema: JSON.parse(schemaJson) as object,
      };
      return { status: 200, body };
    },
  });
