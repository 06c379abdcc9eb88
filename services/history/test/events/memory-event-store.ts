import type { EventId } from '@tidings/contracts';
import { matchesTypePattern } from '../../src/domain/type-pattern.ts';
import { audienceOf, erasedEvent, type StoredEvent } from '../../src/events/domain/event.ts';
import { positionOf } from '../../src/events/list-events.ts';
import type { EventFilters, EventPage, EventPosition, EventStore } from '../../src/events/ports.ts';
import { indexedFilters, isScanned } from '../../src/events/scanned-filters.ts';
import { memoryStep } from '../memory-step.ts';

const isVisible = (event: StoredEvent, { workspaceId, ownerId }: EventFilters): boolean => {
  const audience = audienceOf(event);
  return (
    event.workspaceId === workspaceId &&
    (ownerId === null ||
      audience.kind === 'everybody' ||
      (audience.kind === 'consumer' && audience.consumerId === ownerId))
  );
};

const matches = (event: StoredEvent, filters: EventFilters): boolean =>
  isVisible(event, filters) &&
  (filters.type === undefined || matchesTypePattern(filters.type, event.type)) &&
  (filters.source === undefined || event.source === filters.source) &&
  (filters.consumerId === undefined || event.consumerId === filters.consumerId) &&
  (filters.orderingKey === undefined || event.orderingKey === filters.orderingKey) &&
  (filters.callerId === undefined || event.callerId === filters.callerId) &&
  (filters.acceptedAfterMs === undefined || event.acceptedAtMs > filters.acceptedAfterMs) &&
  (filters.acceptedBeforeMs === undefined || event.acceptedAtMs < filters.acceptedBeforeMs);

const newestFirst = (a: EventPosition, b: EventPosition): number =>
  b.acceptedAtMs - a.acceptedAtMs || (a.id < b.id ? 1 : -Number(a.id > b.id));

/** The events in memory. `fail` makes the next calls reject; `all` returns the stored events, newest first. */
export const createMemoryEventStore = (): EventStore & {
  all(): readonly StoredEvent[];
  fail(error: Error, times: number): void;
} => {
  const kept = new Map<EventId, StoredEvent>();
  let failures: Error[] = [];
  const ready = (): void => {
    const error = failures.pop();
    if (error !== undefined) throw error;
  };
  const following = (filters: EventFilters, { after }: Pick<EventPage, 'after'>): readonly StoredEvent[] =>
    [...kept.values()]
      .filter((event) => matches(event, filters))
      .toSorted(newestFirst)
      .filter((event) => after === null || newestFirst(after, event) < 0);
  return {
    all: () => [...kept.values()].toSorted(newestFirst),
    fail: (error, times) => {
      failures = Array.from({ length: times }, () => error);
    },
    insert: async (events) => {
      ready();
      const before = kept.size;
      for (const event of events) if (!kept.has(event.id)) kept.set(event.id, event);
      return kept.size - before;
    },
    erase: async (ids) => {
      ready();
      const found = ids.flatMap((id) => kept.get(id) ?? []);
      for (const event of found) kept.set(event.id, erasedEvent(event));
      return found.length;
    },
    find: async (id, scope) => {
      ready();
      const event = kept.get(id);
      return event !== undefined && matches(event, scope) ? event : null;
    },
    findAll: async (ids, scope) => {
      ready();
      const found = ids.flatMap((id) => kept.get(id) ?? []).filter((event) => matches(event, scope));
      return new Map(found.map((event) => [event.id, event]));
    },
    list: async (filters, page) => {
      ready();
      return following(filters, page).slice(0, page.limit);
    },
    step: async (filters, page) => {
      ready();
      return memoryStep(following(indexedFilters(filters), page), page.limit, {
        isScanned: isScanned(filters),
        matches: (event) => matches(event, filters),
        positionOf,
      });
    },
    count: async (filters) => {
      ready();
      return [...kept.values()].filter((event) => matches(event, filters)).length;
    },
    workspaces: async () => {
      ready();
      return [...new Set([...kept.values()].map(({ workspaceId }) => workspaceId))];
    },
    purge: async (workspace, beforeMs, limit) => {
      ready();
      const expired = [...kept.values()].filter(
        ({ workspaceId, acceptedAtMs }) => workspaceId === workspace && acceptedAtMs < beforeMs,
      );
      for (const { id } of expired.slice(0, limit)) kept.delete(id);
      return Math.min(limit, expired.length);
    },
  };
};
