import type { ConsumerId, EventAccepted, EventId } from '@tidings/contracts';
import type { TenantScope } from '../domain/tenant-scope.ts';
import type { ListStep } from '../list-in-steps.ts';
import type { PurgedByWorkspace } from '../purge-expired.ts';
import type { StoredEvent } from './domain/event.ts';

/** Filters of events, within the scope of the caller: a consumer sees broadcast events and those addressed to it. */
export type EventFilters = TenantScope &
  Readonly<{
    /** A full name, `order.*` or `*`. */
    type?: string;
    source?: string;
    /** Those that are addressed to this consumer. */
    consumerId?: ConsumerId;
    orderingKey?: string;
    callerId?: string;
    acceptedAfterMs?: number;
    acceptedBeforeMs?: number;
  }>;

/** The position of an event in a list: newest first, then by id within the same millisecond. */
export type EventPosition = Readonly<{ acceptedAtMs: number; id: string }>;

/** The start of a page and its length. */
export type EventPage = Readonly<{ limit: number; after: EventPosition | null }>;

/** The events of the read model. All methods reject with AppError `unavailable` if the store cannot be reached. */
export type EventStore = Readonly<{
  /** Stores new events and leaves existing ones unchanged, so that a repeat keeps the first; returns the number of new ones. */
  insert(events: readonly StoredEvent[]): Promise<number>;
  /** Removes what `erasedEvent` removes from stored events, and marks them; returns the number of changes. */
  erase(ids: readonly EventId[]): Promise<number>;
  find(id: EventId, scope: TenantScope): Promise<StoredEvent | null>;
  /** Returns those of the events that exist within a scope. */
  findAll(ids: readonly EventId[], scope: TenantScope): Promise<ReadonlyMap<EventId, StoredEvent>>;
  /** Lists a page. With filters that no index serves, this reads all that the others leave: see `step`. */
  list(filters: EventFilters, page: EventPage): Promise<readonly StoredEvent[]>;
  /** Lists up to a page. With filters that no index serves, it reads `readAtOnce` of the others' events at most. */
  step(filters: EventFilters, page: EventPage): Promise<ListStep<StoredEvent, EventPosition>>;
  count(filters: EventFilters): Promise<number>;
}> &
  // By the time when they were accepted.
  PurgedByWorkspace;

/** The parts of an event that only the log has. */
export type LoggedParts = Pick<EventAccepted, 'data' | 'large' | 'received'>;

/** The data of events, by their positions in the log. */
export type EventLog = Readonly<{
  /** Returns what the log has of an event; null and rejections as {@link EventLog.readData}. */
  read(event: StoredEvent): Promise<LoggedParts | null>;
  /**
   * Returns the data of each event, byte for byte; null where it is erased or the log does not have it any more, and empty
   * where they are in the object storage. Rejects with AppError `unavailable` if the brokers do not respond.
   */
  readData(events: readonly StoredEvent[]): Promise<readonly (Buffer | null)[]>;
}>;
