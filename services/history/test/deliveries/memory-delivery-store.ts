import type { DeliveryId, EventId } from '@tidings/contracts';
import { type Delivery, isAttempt } from '../../src/deliveries/domain/delivery.ts';
import { type ReplayOutcome, replayEndsOf } from '../../src/deliveries/domain/replay-outcomes.ts';
import { positionOf } from '../../src/deliveries/list-deliveries.ts';
import type {
  DeliveryFilters,
  DeliveryStore,
  DeliverySummary,
  ListPage,
  ListPosition,
  StoredDelivery,
} from '../../src/deliveries/ports.ts';
import { indexedFilters, isScanned } from '../../src/deliveries/scanned-filters.ts';
import { matchesTypePattern } from '../../src/domain/type-pattern.ts';
import { memoryStep } from '../memory-step.ts';
import { countUndelivered } from './count-undelivered.ts';

const lastOf = (delivery: Delivery) => delivery.attemptEvents.filter(isAttempt).at(-1);

const lastReasonOf = (delivery: Delivery): string | null => lastOf(delivery)?.reason ?? null;

const statusClassOf = (delivery: Delivery): string => {
  const statusCode = lastOf(delivery)?.statusCode ?? null;
  return statusCode === null ? 'none' : `${Math.floor(statusCode / 100)}xx`;
};

const matches = (delivery: Delivery, filters: DeliveryFilters): boolean =>
  delivery.workspaceId === filters.workspaceId &&
  (filters.ownerId === null || delivery.consumerId === filters.ownerId) &&
  (filters.eventId === undefined || delivery.eventId === filters.eventId) &&
  (filters.subscriptionId === undefined || delivery.subscriptionId === filters.subscriptionId) &&
  (filters.consumerId === undefined || delivery.consumerId === filters.consumerId) &&
  (filters.eventType === undefined || matchesTypePattern(filters.eventType, delivery.eventType)) &&
  (filters.status === undefined || delivery.status === filters.status) &&
  (filters.statusClass === undefined || statusClassOf(delivery) === filters.statusClass) &&
  (filters.reason === undefined ||
    [delivery.statusReason, lastReasonOf(delivery)].includes(filters.reason)) &&
  (filters.orderingKey === undefined || delivery.orderingKey === filters.orderingKey) &&
  (filters.trigger === undefined ||
    delivery.attemptEvents.some(({ trigger }) => trigger === filters.trigger)) &&
  (filters.createdAfterMs === undefined || delivery.createdAtMs > filters.createdAfterMs) &&
  (filters.createdBeforeMs === undefined || delivery.createdAtMs < filters.createdBeforeMs);

const newestFirst = (a: ListPosition, b: ListPosition): number =>
  b.createdAtMs - a.createdAtMs || (a.key < b.key ? 1 : -Number(a.key > b.key));

const summaryOf = (delivery: Delivery): DeliverySummary => {
  const { attemptEvents: events, ...rest } = delivery;
  const attempts = events.filter(isAttempt);
  return {
    ...rest,
    attemptCount: attempts.length,
    lastStatusCode: attempts.at(-1)?.statusCode ?? null,
    lastReason: lastReasonOf(delivery),
    lastAttemptAtMs: attempts.at(-1)?.atMs ?? null,
  };
};

/** The read model in memory. `fail` makes the next calls reject; `all` returns the stored deliveries. */
export const createMemoryDeliveryStore = (): DeliveryStore & {
  all(): readonly Delivery[];
  fail(error: Error, times: number): void;
} => {
  const kept = new Map<DeliveryId, StoredDelivery>();
  const ends = new Map<string, Readonly<{ outcome: ReplayOutcome; createdAtMs: number }>>();
  let failures: Error[] = [];
  const ready = (): void => {
    const error = failures.pop();
    if (error !== undefined) throw error;
  };
  const following = (
    filters: DeliveryFilters,
    { after, isOldestFirst = false }: Omit<ListPage, 'limit'>,
  ): readonly Delivery[] => {
    const order = (a: ListPosition, b: ListPosition): number =>
      isOldestFirst ? newestFirst(b, a) : newestFirst(a, b);
    return [...kept.values()]
      .map(({ delivery }) => delivery)
      .filter((delivery) => matches(delivery, filters))
      .toSorted((a, b) => order(positionOf(a), positionOf(b)))
      .filter((delivery) => after === null || order(after, positionOf(delivery)) < 0);
  };
  return {
    all: () =>
      [...kept.values()]
        .map(({ delivery }) => delivery)
        .toSorted((a, b) => newestFirst(positionOf(a), positionOf(b))),
    fail: (error, times) => {
      failures = Array.from({ length: times }, () => error);
    },
    insert: async (deliveries) => {
      ready();
      const present = new Set<DeliveryId>();
      for (const delivery of deliveries) {
        if (kept.has(delivery.id)) present.add(delivery.id);
        else kept.set(delivery.id, { delivery, rev: 1 });
      }
      return present;
    },
    read: async (deliveries) => {
      ready();
      return new Map(
        deliveries.flatMap(({ id }) => {
          const stored = kept.get(id);
          return stored === undefined ? [] : [[id, stored] as const];
        }),
      );
    },
    replace: async (changes) => {
      ready();
      let written = 0;
      for (const { delivery, rev } of changes) {
        if (kept.get(delivery.id)?.rev !== rev) continue;
        kept.set(delivery.id, { delivery, rev: rev + 1 });
        written += 1;
      }
      return written;
    },
    find: async (id, filters) => {
      ready();
      const stored = kept.get(id);
      return stored !== undefined && matches(stored.delivery, filters) ? stored.delivery : null;
    },
    list: async (filters, page) => {
      ready();
      return following(filters, page).slice(0, page.limit).map(summaryOf);
    },
    step: async (filters, page) => {
      ready();
      const { found, reached } = memoryStep(following(indexedFilters(filters), page), page.limit, {
        isScanned: isScanned(filters),
        matches: (delivery) => matches(delivery, filters),
        positionOf,
      });
      return { found: found.map(summaryOf), reached };
    },
    countByEvent: async (events, scope) => {
      ready();
      const counts = new Map<EventId, Record<string, number>>();
      for (const { delivery } of kept.values()) {
        if (!events.includes(delivery.eventId) || !matches(delivery, scope)) continue;
        const known = counts.get(delivery.eventId) ?? {};
        counts.set(delivery.eventId, { ...known, [delivery.status]: (known[delivery.status] ?? 0) + 1 });
      }
      return counts;
    },
    count: async (filters) => {
      ready();
      return [...kept.values()].filter(({ delivery }) => matches(delivery, filters)).length;
    },
    countUnderWay: async (filters, limit) => {
      ready();
      return countUndelivered(
        [...kept.values()]
          .flatMap(({ delivery }) => {
            const { status } = delivery;
            const isUnderWay = status === 'pending' || status === 'retrying';
            if (!isUnderWay || !matches(delivery, filters)) return [];
            const { subscriptionId, consumerId, statusReason: reason } = delivery;
            const { lastReason, lastStatusCode } = summaryOf(delivery);
            const times = { oldestAtMs: delivery.createdAtMs, nextAttemptAtMs: delivery.nextAttemptAtMs };
            return [{ subscriptionId, consumerId, status, reason, lastReason, lastStatusCode, ...times }];
          })
          .slice(0, limit),
      );
    },
    putReplayEnds: async (deliveries) => {
      ready();
      for (const delivery of deliveries) {
        for (const { chain, outcome } of replayEndsOf(delivery))
          ends.set(`${delivery.workspaceId}/${chain}/${delivery.id}`, {
            outcome,
            createdAtMs: delivery.createdAtMs,
          });
      }
    },
    countReplayed: async (workspace, { chain, outcome }) => {
      ready();
      return [...ends].filter(
        ([key, end]) => key.startsWith(`${workspace}/${chain}/`) && end.outcome === outcome,
      ).length;
    },
    workspaces: async () => {
      ready();
      return [...new Set([...kept.values()].map(({ delivery }) => delivery.workspaceId))];
    },
    purge: async (workspace, beforeMs, limit) => {
      ready();
      const expired = [...kept.values()].filter(
        ({ delivery }) => delivery.workspaceId === workspace && delivery.createdAtMs < beforeMs,
      );
      for (const { delivery } of expired.slice(0, limit)) kept.delete(delivery.id);
      for (const [key, end] of ends) {
        if (key.startsWith(`${workspace}/`) && end.createdAtMs < beforeMs) ends.delete(key);
      }
      return Math.min(limit, expired.length);
    },
  };
};
