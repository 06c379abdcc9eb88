import { type EventTypeState, eventTypeStates } from '@tidings/contracts';
import type { DocumentStore, Listed, Scope } from '../registry/ports.ts';
import { notFound } from '../registry/write-version.ts';
import { type EventType, idOf, publishedStates, usableStates } from './domain/event-type.ts';
import { limits } from './domain/limits.ts';
import { eventTypeKind } from './event-type-kind.ts';

type Store = Pick<DocumentStore<EventType>, 'find' | 'list'>;

/** Filters of a list. `search`: case-insensitive text in name or description. */
export type ListFilters = Readonly<{
  state: EventTypeState | undefined;
  group: string | undefined;
  search: string | undefined;
}>;

/** Returns the states visible to a key. A consumer sees published types only, not drafts or archived ones. */
export const visibleStates = ({ consumerId }: Scope): readonly EventTypeState[] =>
  consumerId === null ? eventTypeStates : publishedStates;

/** Returns one event type. Throws AppError `not-found` also if it is invisible to the key. */
export async function readEventType(store: Store, scope: Scope, name: string): Promise<EventType> {
  const found = await store.find(scope, idOf(scope.workspaceId, name));
  if (found === null || !visibleStates(scope).some((state) => state === found.state)) {
    throw notFound(eventTypeKind, name);
  }
  return found;
}

// A workspace has at most 5,000 types, so filters that the database cannot apply are applied here, page by page.
const scanned = 200;

/** Returns a page of types by name. Archived types are included only if requested. */
export async function listEventTypes(
  store: Store,
  scope: Scope,
  { filters, afterId, limit }: Readonly<{ filters: ListFilters; afterId: string | null; limit: number }>,
): Promise<Listed<EventType>> {
  const { state, group, search } = filters;
  const wanted = state === undefined ? usableStates : [state];
  const states = wanted.filter((one) => visibleStates(scope).includes(one));
  const where = { in: { state: states, ...(group === undefined ? {} : { group: [group] }) } };
  const text = search?.toLowerCase();
  const items: EventType[] = [];
  for (let after = afterId; ; ) {
    const page = await store.list(scope, { where, afterId: after, limit: scanned, order: 'rising' });
    for (const item of page.items) {
      if (text !== undefined && !isFound(item, text)) continue;
      if (items.length === limit) return { items, nextAfterId: items.at(-1)?.id ?? null };
      items.push(item);
    }
    if (page.nextAfterId === null) return { items, nextAfterId: null };
    after = page.nextAfterId;
  }
}

const isFound = ({ name, settings }: EventType, text: string): boolean =>
  name.toLowerCase().includes(text) || settings.description?.toLowerCase().includes(text) === true;

/** Returns every type that is visible to a key, archived ones included, by name. */
export async function allEventTypes(store: Store, scope: Scope): Promise<readonly EventType[]> {
  const types: EventType[] = [];
  for (const state of [undefined, 'archived'] as const) {
    const filters = { state, group: undefined, search: undefined };
    const { items } = await listEventTypes(store, scope, {
      filters,
      afterId: null,
      limit: limits.typesPerWorkspace,
    });
    types.push(...items);
  }
  return types.sort((a, b) => (a.name < b.name ? -1 : 1));
}
