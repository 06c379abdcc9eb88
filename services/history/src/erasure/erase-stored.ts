import type { EventId } from '@tidings/contracts';
import type { ObjectStorage } from '@tidings/object-storage';
import { deadLetterKey } from '../dead-letters/domain/dead-letter.ts';
import type { DeadLetterScope } from '../dead-letters/domain/dead-letter-filters.ts';
import type { DeadLetterPosition, DeadLetterStore } from '../dead-letters/ports.ts';
import { documentKey } from '../deliveries/domain/delivery.ts';
import { erasedDelivery } from '../deliveries/domain/erase-delivery.ts';
import type { DeliveryFilters, DeliveryStore, ListPosition } from '../deliveries/ports.ts';
import { removeDataOf } from '../events/large-data.ts';
import { positionOf } from '../events/list-events.ts';
import type { EventPosition } from '../events/ports.ts';
import type { RunFilters, RunPosition } from '../runs/ports.ts';
import type { ErasureJob } from './domain/erasure-job.ts';
import {
  type Erased,
  type ErasedStores,
  isContentErased,
  isDeliveryErased,
  isRunErased,
} from './erasing-stores.ts';

/** The stores as they are, with what is to be erased. */
export type EraseParts = Readonly<{
  stores: ErasedStores;
  erasures: Erased;
  storage: Pick<ObjectStorage, 'list' | 'delete'>;
}>;

/** The changes of one page, and the position behind it; null at the end. */
export type ErasedPage<Position> = Readonly<{
  events: number;
  deliveries: number;
  deadLetters: number;
  next: Position | null;
}>;

const atOnce = 100;
const nothing = { events: 0, deliveries: 0, deadLetters: 0 };

const eraseDeliveries = async (
  { stores: { deliveries }, erasures }: EraseParts,
  found: Parameters<DeliveryStore['read']>[0],
): Promise<number> => {
  let erased = 0;
  for (;;) {
    const stored = [...(await deliveries.read(found)).values()];
    const changes = stored.flatMap(({ delivery, rev }) => {
      if (!isDeliveryErased(erasures, delivery)) return [];
      const next = erasedDelivery(delivery);
      return next === delivery ? [] : [{ delivery: next, rev }];
    });
    const written = changes.length === 0 ? 0 : await deliveries.replace(changes);
    erased += written;
    // A projection that has written one of them meanwhile has changed its `rev`.
    if (written === changes.length) return erased;
  }
};

/** Erases one page of the deliveries that match. */
export const eraseDeliveryPage = async (
  parts: EraseParts,
  filters: DeliveryFilters,
  after: ListPosition | null,
): Promise<ErasedPage<ListPosition>> => {
  const found = await parts.stores.deliveries.list(filters, { limit: atOnce, after });
  const deliveries = await eraseDeliveries(parts, found);
  const last = found.at(-1);
  const isEnd = last === undefined || found.length < atOnce;
  const next = isEnd ? null : { createdAtMs: last.createdAtMs, key: documentKey(last) };
  return { ...nothing, deliveries, next };
};

/** Erases the contents of one page of the dead letters that match. */
export const eraseDeadLetterPage = async (
  { stores: { deadLetters: store }, erasures }: EraseParts,
  filters: Parameters<DeadLetterStore['list']>[0],
  after: DeadLetterPosition | null,
): Promise<ErasedPage<DeadLetterPosition>> => {
  const found = await store.list(filters, { limit: atOnce, after });
  const contents = await store.readContents(found.map(({ ref }) => ref));
  const erased = found.filter(({ ref, isErased }) => {
    const content = contents.get(deadLetterKey(ref));
    return isErased !== true && content !== undefined && isContentErased(erasures, content);
  });
  await store.erase(erased.map(({ ref }) => ref));
  const last = found.at(-1);
  const isEnd = last === undefined || found.length < atOnce;
  const next = isEnd ? null : { recordedAtMs: last.recordedAtMs, key: deadLetterKey(last.ref) };
  return { ...nothing, deadLetters: erased.length, next };
};

/** Erases one page of the runs that match. Returns their number, and the position behind the page; null at the end. */
export const eraseRunPage = async (
  { stores: { runs: store }, erasures }: Pick<EraseParts, 'stores' | 'erasures'>,
  filters: RunFilters,
  after: RunPosition | null,
): Promise<Readonly<{ runs: number; next: RunPosition | null }>> => {
  const found = await store.list(filters, { limit: atOnce, after });
  const erased = found.filter((run) => run.isErased !== true && isRunErased(erasures, run));
  const runs = await store.erase(erased.map(({ runId }) => runId));
  const last = found.at(-1);
  const isEnd = last === undefined || found.length < atOnce;
  return { runs, next: isEnd ? null : { startedAtMs: last.startedAtMs, id: last.runId } };
};

const allPages = async <P>(read: (after: P | null) => Promise<ErasedPage<P>>) => {
  let total = nothing;
  let after: P | null = null;
  do {
    const { events, deliveries, deadLetters, next }: ErasedPage<P> = await read(after);
    total = {
      events: total.events + events,
      deliveries: total.deliveries + deliveries,
      deadLetters: total.deadLetters + deadLetters,
    };
    after = next;
  } while (after !== null);
  return total;
};

/** The dead letters of a workspace, with those that are no deliveries. */
export const wholeWorkspace = ({ workspaceId }: Pick<ErasureJob, 'workspaceId'>): DeadLetterScope => ({
  ...{ workspaceId, ownerId: null, poison: 'own' },
});

/** Erases the deliveries and dead letters of an event, whoever owns their subscriptions. */
const eraseOfEvent = async (parts: EraseParts, job: ErasureJob, eventId: EventId) => {
  const filters = { ...wholeWorkspace(job), eventId };
  const { deliveries } = await allPages<ListPosition>(async (after) =>
    eraseDeliveryPage(parts, filters, after),
  );
  const { deadLetters } = await allPages<DeadLetterPosition>(async (after) =>
    eraseDeadLetterPage(parts, filters, after),
  );
  return { deliveries, deadLetters };
};

/** Erases one page of the events that the erasure covers, with their deliveries and dead letters. */
export const eraseEventPage = async (
  parts: EraseParts,
  job: ErasureJob,
  after: EventPosition | null,
): Promise<ErasedPage<EventPosition>> => {
  const { workspaceId, spec } = job;
  const { events: store } = parts.stores;
  if (spec.scope.kind === 'event') {
    const { eventId } = spec.scope;
    // Before the mark: a run that a crash ends here begins again. And at the end: a dead letter that made them young again
    // meanwhile may have put them back.
    await removeDataOf(parts.storage, workspaceId, [eventId]);
    const events = await store.erase([eventId]);
    const erased = await eraseOfEvent(parts, job, eventId);
    await removeDataOf(parts.storage, workspaceId, [eventId]);
    return { events, ...erased, next: null };
  }
  const { consumerId } = spec.scope;
  const filters = { workspaceId, ownerId: null, consumerId, acceptedBeforeMs: spec.beforeMs };
  const found = await store.list(filters, { limit: atOnce, after });
  const large = found.flatMap(({ id, dataSha256 }) => (dataSha256 === undefined ? [] : [id]));
  await removeDataOf(parts.storage, workspaceId, large);
  const events = await store.erase(found.map(({ id }) => id));
  let deliveries = 0;
  let deadLetters = 0;
  for (const { id } of found) {
    const erased = await eraseOfEvent(parts, job, id);
    deliveries += erased.deliveries;
    deadLetters += erased.deadLetters;
  }
  await removeDataOf(parts.storage, workspaceId, large);
  const last = found.at(-1);
  const isEnd = last === undefined || found.length < atOnce;
  return { events, deliveries, deadLetters, next: isEnd ? null : positionOf(last) };
};
