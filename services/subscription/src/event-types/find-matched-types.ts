import { isReservedEventType } from '@tidings/contracts';
import type { DocumentStore, Reach } from '../registry/ports.ts';
import { type EventType, usableStates } from './domain/event-type.ts';
import { limits } from './domain/limits.ts';
import { visibleStates } from './read-event-types.ts';

type Store = Pick<DocumentStore<EventType>, 'list'>;

/**
 * The event types that a key sees among those that the events of a subscription match. Returns null when events of
 * other types can match as well: a listed name is not registered, or more than `limits.matchedTypes` types match.
 */
export async function findMatchedTypes(
  store: Store,
  reach: Reach,
  events: readonly string[],
): Promise<readonly EventType[] | null> {
  const names = events.filter((pattern) => pattern !== '*' && !pattern.endsWith('.*'));
  if (names.some(isReservedEventType)) return null;
  const families = events.flatMap((pattern) => (pattern.endsWith('.*') ? [pattern.slice(0, -2)] : []));
  const asked = events.includes('*')
    ? [{}]
    : [...(names.length > 0 ? [{ name: names }] : []), ...(families.length > 0 ? [{ families }] : [])];
  const state = usableStates.filter((one) => visibleStates(reach).includes(one));
  const found = new Map<string, EventType>();
  for (const fields of asked) {
    const where = { in: { ...fields, state } };
    const page = await store.list(reach, {
      where,
      afterId: null,
      limit: limits.matchedTypes,
      order: 'rising',
    });
    if (page.nextAfterId !== null) return null;
    for (const item of page.items) found.set(item.name, item);
  }
  return found.size <= limits.matchedTypes && names.every((name) => found.has(name))
    ? [...found.values()]
    : null;
}
