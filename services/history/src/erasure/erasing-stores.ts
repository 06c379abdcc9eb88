import type { Erasures } from '@tidings/kafka';
import type { Content } from '../dead-letters/domain/dead-letter.ts';
import { erasedDeadLetter, subjectOf } from '../dead-letters/domain/erase-dead-letter.ts';
import type { DeadLetterStore } from '../dead-letters/ports.ts';
import type { Delivery } from '../deliveries/domain/delivery.ts';
import { erasedDelivery, erasedSummary } from '../deliveries/domain/erase-delivery.ts';
import type { DeliveryStore, DeliverySummary } from '../deliveries/ports.ts';
import { erasedEvent, type StoredEvent } from '../events/domain/event.ts';
import type { EventStore } from '../events/ports.ts';
import { erasedHead, erasedRun, type StoredRun } from '../runs/domain/run.ts';
import type { RunStore, RunSummary } from '../runs/ports.ts';

/** The known erasures. Throws AppError `unavailable` until they have been read. */
export type Erased = Pick<Erasures, 'covers'>;

/** Returns true if the recorded requests and responses of a delivery are erased. */
export const isDeliveryErased = (
  erasures: Erased,
  { workspaceId, eventId, consumerId, addressedTo, createdAtMs, isErased }: Omit<Delivery, 'attemptEvents'>,
): boolean =>
  isErased === true ||
  erasures.covers({ workspaceId, eventId, consumerId, addressedTo, acceptedAtMs: createdAtMs });

const isEventErased = (
  erasures: Erased,
  { id: eventId, workspaceId, consumerId, acceptedAtMs, isErased }: StoredEvent,
): boolean => isErased === true || erasures.covers({ workspaceId, eventId, consumerId, acceptedAtMs });

/** Returns true if the content of a dead letter is erased. */
export const isContentErased = (erasures: Erased, content: Content): boolean => {
  const subject = subjectOf(content);
  return content.kind === 'erased' || (subject !== null && erasures.covers(subject));
};

const erasingEvents = (store: EventStore, erasures: Erased): EventStore => {
  const shown = (event: StoredEvent): StoredEvent =>
    isEventErased(erasures, event) ? erasedEvent(event) : event;
  return {
    insert: async (events) => store.insert(events.map(shown)),
    erase: async (ids) => store.erase(ids),
    find: async (id, scope) => {
      const event = await store.find(id, scope);
      return event === null ? null : shown(event);
    },
    findAll: async (ids, scope) => {
      const found = await store.findAll(ids, scope);
      return new Map([...found].map(([id, event]) => [id, shown(event)]));
    },
    list: async (filters, page) => (await store.list(filters, page)).map(shown),
    step: async (filters, page) => {
      const { found, reached } = await store.step(filters, page);
      return { found: found.map(shown), reached };
    },
    count: async (filters) => store.count(filters),
    workspaces: async () => store.workspaces(),
    purge: async (workspaceId, beforeMs, limit) => store.purge(workspaceId, beforeMs, limit),
  };
};

const erasingDeliveries = (store: DeliveryStore, erasures: Erased): DeliveryStore => {
  const shown = (delivery: Delivery): Delivery =>
    isDeliveryErased(erasures, delivery) ? erasedDelivery(delivery) : delivery;
  const listed = (summary: DeliverySummary): DeliverySummary =>
    isDeliveryErased(erasures, summary) ? erasedSummary(summary) : summary;
  return {
    insert: async (deliveries) => store.insert(deliveries.map(shown)),
    read: async (deliveries) => {
      const found = await store.read(deliveries);
      return new Map([...found].map(([id, { delivery, rev }]) => [id, { delivery: shown(delivery), rev }]));
    },
    replace: async (changes) =>
      store.replace(changes.map(({ delivery, rev }) => ({ delivery: shown(delivery), rev }))),
    find: async (id, filters) => {
      const delivery = await store.find(id, filters);
      return delivery === null ? null : shown(delivery);
    },
    countByEvent: async (events, scope) => store.countByEvent(events, scope),
    list: async (filters, page) => (await store.list(filters, page)).map(listed),
    step: async (filters, page) => {
      const { found, reached } = await store.step(filters, page);
      return { found: found.map(listed), reached };
    },
    count: async (filters) => store.count(filters),
    countUnderWay: async (filters, limit) => store.countUnderWay(filters, limit),
    putReplayEnds: async (deliveries) => store.putReplayEnds(deliveries),
    countReplayed: async (workspaceId, end) => store.countReplayed(workspaceId, end),
    workspaces: async () => store.workspaces(),
    purge: async (workspaceId, beforeMs, limit) => store.purge(workspaceId, beforeMs, limit),
  };
};

const erasingDeadLetters = (store: DeadLetterStore, erasures: Erased): DeadLetterStore => {
  const shown = (content: Content): Content =>
    isContentErased(erasures, content) ? { kind: 'erased' } : content;
  return {
    read: async (refs) => store.read(refs),
    find: async (filters) => store.find(filters),
    list: async (filters, page) => store.list(filters, page),
    listInOrder: async (filters, range, limit) => store.listInOrder(filters, range, limit),
    count: async (filters) => store.count(filters),
    countBySubscription: async (filters, ranges) => store.countBySubscription(filters, ranges),
    countUndelivered: async (filters, limit) => store.countUndelivered(filters, limit),
    countWaiting: async () => store.countWaiting(),
    take: async (taken) => store.take(taken),
    release: async (jobId) => store.release(jobId),
    settle: async (refs, settlement) => store.settle(refs, settlement),
    settleFrom: async (events) => store.settleFrom(events),
    markDelivered: async (refs) => store.markDelivered(refs),
    erase: async (refs) => store.erase(refs),
    workspaces: async () => store.workspaces(),
    purge: async (workspaceId, beforeMs, limit) => store.purge(workspaceId, beforeMs, limit),
    insert: async (deadLetters) =>
      store.insert(
        deadLetters.map(({ deadLetter, content }) =>
          isContentErased(erasures, content)
            ? { deadLetter: erasedDeadLetter(deadLetter), content: { kind: 'erased' } }
            : { deadLetter, content },
        ),
      ),
    readContents: async (refs) => {
      const found = await store.readContents(refs);
      return new Map([...found].map(([key, content]) => [key, shown(content)]));
    },
  };
};

/** Returns true if what a run has of the data of its event is erased. */
export const isRunErased = (
  erasures: Erased,
  {
    event: { id: eventId, workspaceId, consumerId, acceptedAtMs },
    isErased,
  }: Pick<RunSummary, 'event' | 'isErased'>,
): boolean => isErased === true || erasures.covers({ workspaceId, eventId, consumerId, acceptedAtMs });

const erasingRuns = (store: RunStore, erasures: Erased): RunStore => {
  const shown = (run: StoredRun): StoredRun => (isRunErased(erasures, run) ? erasedRun(run) : run);
  return {
    versions: async (ids) => store.versions(ids),
    put: async (runs) => store.put(runs.map(shown)),
    erase: async (ids) => store.erase(ids),
    find: async (id, workspaceId) => {
      const run = await store.find(id, workspaceId);
      return run === null ? null : shown(run);
    },
    list: async (filters, page) =>
      (await store.list(filters, page)).map((run) => (isRunErased(erasures, run) ? erasedHead(run) : run)),
    count: async (filters) => store.count(filters),
    workspaces: async () => store.workspaces(),
    purge: async (workspaceId, beforeMs, limit) => store.purge(workspaceId, beforeMs, limit),
  };
};

/** The stores that hold what an erasure covers. */
export type ErasedStores = Readonly<{
  events: EventStore;
  deliveries: DeliveryStore;
  deadLetters: DeadLetterStore;
  runs: RunStore;
}>;

/**
 * Returns the stores as the service uses them: what an erasure covers is neither written nor returned, whenever it
 * arrives. Every projection, also a rebuild, writes through them.
 */
export const erasingStores = <S extends ErasedStores>(stores: S, erasures: Erased): S => ({
  ...stores,
  events: erasingEvents(stores.events, erasures),
  deliveries: erasingDeliveries(stores.deliveries, erasures),
  deadLetters: erasingDeadLetters(stores.deadLetters, erasures),
  runs: erasingRuns(stores.runs, erasures),
});
