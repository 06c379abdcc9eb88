import { eventTypeNameMaxLength, eventTypeNamePattern, eventTypeStates } from '@tidings/contracts';
import { etagOf, type PageQuery, type Principal, pageParameters, queryOf, type Reply } from '@tidings/http';
import { requireWholeWorkspace, scopeOf, workspaceTargetOf } from '../../registry/adapters/call-scope.ts';
import { cursorPosition } from '../../registry/adapters/cursor-position.ts';
import type { Target, Written } from '../../registry/write-version.ts';
import { type EventType, idOf } from '../domain/event-type.ts';
import { eventTypeKind } from '../event-type-kind.ts';
import type { ListFilters } from '../read-event-types.ts';
import { eventTypeView } from './event-type-view.ts';

/** Path parameter of one event type. */
export const nameParams = {
  name: {
    type: 'string',
    pattern: eventTypeNamePattern.source,
    maxLength: eventTypeNameMaxLength,
    description: 'Name of the event type.',
  },
} as const;

/** Query parameters of the list. */
export type ListQuery = PageQuery & Partial<ListFilters>;

/** Parser of the list's query parameters. */
export const listQuery = queryOf<ListQuery>({
  state: { type: 'string', enum: eventTypeStates, description: 'Default: all that are not archived.' },
  group: { type: 'string', minLength: 1, maxLength: 64, description: 'Only those of this group.' },
  search: {
    type: 'string',
    minLength: 1,
    maxLength: 100,
    description: 'Only those with this text in their name or description.',
  },
  ...pageParameters,
});

/** Returns the filters of a list request, its position, and a function that encodes the cursor of the next page. */
export function listRequestOf(principal: Principal, { state, group, search, cursor, limit }: ListQuery) {
  const filters: ListFilters = { state, group, search };
  const { workspaceId, consumerId } = scopeOf(principal);
  const binding = { workspaceId, filters: { ...filters, scope: consumerId, of: 'event-types' } };
  const { afterId, cursorAfter } = cursorPosition(cursor, binding);
  return { location: { filters, afterId, limit }, cursorAfter };
}

type NamedCall = Parameters<typeof workspaceTargetOf>[0] & Readonly<{ params: Readonly<{ name: string }> }>;

/** Returns the target of a change. */
export function targetOf(call: NamedCall): Target {
  const { name } = call.params;
  return workspaceTargetOf(call, { kind: eventTypeKind, name, idIn: (workspace) => idOf(workspace, name) });
}

/** Refuses the key of a consumer on routes that have no object to hide. */
export const requireCatalogue = (principal: Principal): void =>
  requireWholeWorkspace(principal, 'The catalogue belongs');

/** Returns the response that shows one event type. */
export const eventTypeReply = ({ entity, propagated }: Written<EventType>, status = 200): Reply => ({
  status,
  body: eventTypeView(entity, propagated),
  headers: {
    etag: etagOf(entity),
    'cache-control': 'no-store',
    ...(status === 201 ? { location: `/v1/webhooks/event-types/${entity.name}` } : {}),
  },
});
