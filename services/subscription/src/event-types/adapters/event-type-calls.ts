import type { IncomingMessage } from 'node:http';
import { eventTypeNameMaxLength, eventTypeNamePattern, eventTypeStates } from '@tidings/contracts';
import {
  decodeCursor,
  encodeCursor,
  etagOf,
  type IfMatch,
  type PageQuery,
  type Principal,
  pageParameters,
  queryOf,
  type Reply,
} from '@tidings/http';
import { AppError } from '@tidings/runtime';
import { actorOf, reachOf } from '../../registry/adapters/call-parts.ts';
import { notFound, type Target, type Written } from '../../registry/write-version.ts';
import { type EventType, idOf } from '../domain/event-type.ts';
import { eventTypeKind } from '../event-type-kind.ts';
import type { ListFilters } from '../read-event-types.ts';
import { eventTypeView } from './event-type-view.ts';

/** The path of one type. */
export const nameParams = {
  name: {
    type: 'string',
    pattern: eventTypeNamePattern.source,
    maxLength: eventTypeNameMaxLength,
    description: 'The name of the event type.',
  },
} as const;

/** The query of the list. */
export type ListQuery = PageQuery & Partial<ListFilters>;

/** How the query of the list is read. */
export const listQuery = queryOf<ListQuery>({
  state: { type: 'string', enum: eventTypeStates, description: 'Without it, those that are not archived.' },
  group: { type: 'string', minLength: 1, maxLength: 64, description: 'Those of this group.' },
  search: {
    type: 'string',
    minLength: 1,
    maxLength: 100,
    description: 'Those with this text in their name or description.',
  },
  ...pageParameters,
});

/** What a list is asked for, and how the cursor to its next page is made. */
export function listRequestOf(principal: Principal, { state, group, search, cursor, limit }: ListQuery) {
  const filters: ListFilters = { state, group, search };
  const { workspaceId, consumerId } = reachOf(principal);
  const binding = { workspaceId, filters: { ...filters, reach: consumerId, of: 'event-types' } };
  const position = cursor === undefined ? null : decodeCursor(cursor, binding);
  if (position !== null && typeof position !== 'string') {
    const detail = 'The cursor is malformed.';
    throw new AppError({
      code: 'invalid-request',
      message: detail,
      details: [{ pointer: '/cursor', detail }],
    });
  }
  return {
    place: { filters, afterId: position, limit },
    cursorAfter: (id: string | null) => (id === null ? null : encodeCursor(id, binding)),
  };
}

type NamedCall = Readonly<{
  principal: Principal;
  request: IncomingMessage;
  params: Readonly<{ name: string }>;
  ifMatch: IfMatch;
}>;

/** Which type a change means. The catalogue is the workspace's: for the key of a consumer there is nothing to change. */
export function targetOf(call: NamedCall): Target {
  const reach = reachOf(call.principal);
  if (reach.consumerId !== null) throw notFound(eventTypeKind, call.params.name);
  const id = idOf(reach.workspaceId, call.params.name);
  return { reach, id, ifMatch: call.ifMatch, by: actorOf(call) };
}

/** Refuses the key of a consumer where there is no object to hide. */
export function requireWholeWorkspace({ consumerId }: Principal): void {
  if (consumerId === null) return;
  const message = 'The catalogue belongs to the workspace: a key of one consumer cannot change it.';
  throw new AppError({ code: 'forbidden', message });
}

/** The answer that shows one type. */
export const eventTypeReply = ({ entity, propagated }: Written<EventType>, status = 200): Reply => ({
  status,
  body: eventTypeView(entity, propagated),
  headers: {
    etag: etagOf(entity),
    'cache-control': 'no-store',
    ...(status === 201 ? { location: `/v1/webhooks/event-types/${entity.name}` } : {}),
  },
});
