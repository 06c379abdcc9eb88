import { isEventPattern, isReservedEventType } from '@tidings/contracts';
import type { ErrorDetail } from '@tidings/json';
import type { DocumentStore, Scope } from '../registry/ports.ts';
import { type EventType, usableStates } from './domain/event-type.ts';
import { listEventTypes, visibleStates } from './read-event-types.ts';

type Store = Pick<DocumentStore<EventType>, 'find' | 'list' | 'count'>;

const maxKnownShown = 50;

/**
 * Returns the faults of the events that a subscription of a strict workspace lists: names without an event type in the
 * catalogue, and wildcards without a match. A type that is invisible to the key counts as missing. Ignores `*`,
 * reserved names and invalid patterns.
 */
export async function unknownEventFaults(
  store: Store,
  scope: Scope,
  events: readonly string[],
): Promise<readonly ErrorDetail[]> {
  const requested = events
    .map((pattern, index) => ({ pattern, index }))
    .filter(({ pattern }) => pattern !== '*' && isEventPattern(pattern) && !isReservedEventType(pattern));
  const answers = await Promise.all(
    requested.map(async (one) => ({ ...one, isKnown: await isBorneOut(store, scope, one.pattern) })),
  );
  const unknown = answers.filter(({ isKnown }) => !isKnown);
  if (unknown.length === 0) return [];
  const names = unknown.map(({ pattern }) => `'${pattern}'`).join(', ');
  const known = await knownNames(store, scope);
  return [
    { pointer: '/events', detail: `must be event types of this workspace, got ${names}; ${known}` },
    ...unknown.map(({ pattern, index }) => ({
      pointer: `/events/${index}`,
      detail: pattern.endsWith('.*') ? 'matches no registered event type' : 'is not registered',
    })),
  ];
}

async function isBorneOut(store: Store, scope: Scope, pattern: string): Promise<boolean> {
  const requested = pattern.endsWith('.*') ? { families: [pattern.slice(0, -2)] } : { name: [pattern] };
  const state = usableStates.filter((one) => visibleStates(scope).includes(one));
  return (await store.count(scope, { in: { ...requested, state } }, 1)) > 0;
}

async function knownNames(store: Store, scope: Scope): Promise<string> {
  const filters = { state: undefined, group: undefined, search: undefined };
  const { items, nextAfterId } = await listEventTypes(store, scope, {
    filters,
    afterId: null,
    limit: maxKnownShown,
  });
  if (items.length === 0) return 'none is registered';
  return `registered are ${items.map(({ name }) => name).join(', ')}${nextAfterId === null ? '' : ' and more'}`;
}
