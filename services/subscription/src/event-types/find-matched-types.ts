import { isReservedEventType } from '@tidings/contracts';
import type { DocumentStore, Scope } from '../registry/ports.ts';
import { type EventType, usableStates } from './domain/event-type.ts';
import { limits } from './domain/limits.ts';
import { visibleStates } from './read-event-types.ts';

type Store = Pick<DocumentStore<EventType>, 'list'>;

/**
 * Returns the event types visible to a key that match the events of a subscription. Returns null if events of other
 * types can match as well: a listed name is not registered, or more than `limits.matchedTypes` types match.
 */
export async function findMatchedTypes(
  store: Store,
  scope: Scope,
  events: readonly string[],
): Promise<readonly EventType[] | null> {
  const names = events.filter((pattern) => pattern !== '*' && !pattern.endsWith('.*'));
  if (names.some(isReservedEventType)) return null;
  const families = events.flatMap((pattern) => (pattern.endsWith('.*') ? [pattern.slice(0, -2)] : []));
  const requested = events.includes('*')
    ? [{}]
    : [...(names.length > 0 ? [{ name: names }] : []), ...(families.length > 0 ? [{ families }] : [])];
  const state = usableStates.filter((one) => visibleStates(scope).includes(one));
  const found = new Map<string, EventType>();
  for (const fields of requested) {
    const where = { in: { ...fields, state } };
    const page = await store.list(scope, {
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
