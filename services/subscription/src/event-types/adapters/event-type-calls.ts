import { eventTypeNameMaxLength, eventTypeNamePattern, eventTypeStates } from '@tidings/contracts';
import { etagOf, type PageQuery, type Principal, pageParameters, queryOf, type Reply } from '@tidings/http';
import { requireWholeWorkspace, scopeOf, workspaceTargetOf } from '../../registry/adapters/call-parts.ts';
import { cursorPosition } from '../../registry/adapters/cursor-position.ts';
import type { Target, Written } from '../../registry/write-version.ts';
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
  const { workspaceId, consumerId } = scopeOf(principal);
  const binding = { workspaceId, filters: { ...filters, scope: consumerId, of: 'event-types' } };
  const { afterId, cursorAfter } = cursorPosition(cursor, binding);
  return { location: { filters, afterId, limit }, cursorAfter };
}

type NamedCall = Parameters<typeof workspaceTargetOf>[0] & Readonly<{ params: Readonly<{ name: string }> }>;

/** Which type a change means. */
export function targetOf(call: NamedCall): Target {
  const { name } = call.params;
  return workspaceTargetOf(call, { kind: eventTypeKind, name, idIn: (workspace) => idOf(workspace, name) });
}

/** Refuses the key of a consumer where there is no object to hide. */
export const requireCatalogue = (principal: Principal): void =>
  requireWholeWorkspace(principal, 'The catalogue belongs');

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
