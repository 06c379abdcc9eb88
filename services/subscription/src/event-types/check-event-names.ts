import { isEventPattern, isReservedEventType, type WorkspaceId } from '@tidings/contracts';
import type { ErrorDetail } from '@tidings/runtime';
import type { DocumentStore } from '../registry/ports.ts';
import { type EventType, usableStates } from './domain/event-type.ts';
import { listEventTypes } from './read-event-types.ts';

type Store = Pick<DocumentStore<EventType>, 'find' | 'list' | 'count'>;

const maxKnownShown = 50;

/**
 * What is wrong with the events that a subscription of a strict workspace lists: names that no type of the catalogue has,
 * and wildcards that match none. `*`, reserved names and what is no pattern at all are not its business.
 */
export async function unknownEventFaults(
  store: Store,
  workspaceId: WorkspaceId,
  events: readonly string[],
): Promise<readonly ErrorDetail[]> {
  const asked = events
    .map((pattern, index) => ({ pattern, index }))
    .filter(({ pattern }) => pattern !== '*' && isEventPattern(pattern) && !isReservedEventType(pattern));
  const answers = await Promise.all(
    asked.map(async (one) => ({ ...one, isKnown: await isBorneOut(store, workspaceId, one.pattern) })),
  );
  const unknown = answers.filter(({ isKnown }) => !isKnown);
  if (unknown.length === 0) return [];
  const names = unknown.map(({ pattern }) => `'${pattern}'`).join(', ');
  const known = await knownNames(store, workspaceId);
  return [
    { pointer: '/events', detail: `must be event types of this workspace, got ${names}; ${known}` },
    ...unknown.map(({ pattern, index }) => ({
      pointer: `/events/${index}`,
      detail: pattern.endsWith('.*') ? 'matches no registered event type' : 'is not registered',
    })),
  ];
}

async function isBorneOut(store: Store, workspaceId: WorkspaceId, pattern: string): Promise<boolean> {
  const asked = pattern.endsWith('.*') ? { families: [pattern.slice(0, -2)] } : { name: [pattern] };
  return (
    (await store.count({ workspaceId, consumerId: null }, { in: { ...asked, state: usableStates } }, 1)) > 0
  );
}

async function knownNames(store: Store, workspaceId: WorkspaceId): Promise<string> {
  const filters = { state: undefined, group: undefined, search: undefined };
  const { items, nextAfterId } = await listEventTypes(
    store,
    { workspaceId, consumerId: null },
    { filters, afterId: null, limit: maxKnownShown },
  );
  if (items.length === 0) return 'none is registered';
  return `registered are ${items.map(({ name }) => name).join(', ')}${nextAfterId === null ? '' : ' and more'}`;
}
