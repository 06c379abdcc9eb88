import type {
  ConsumerId,
  DeliveryId,
  EventId,
  SubscriptionId,
  Trigger,
  WorkspaceId,
} from '@tidings/contracts';
import type { TenantScope } from '../domain/tenant-scope.ts';
import type { UndeliveredCount } from '../domain/undelivered-count.ts';
import type { ListStep } from '../list-in-steps.ts';
import type { PurgedByWorkspace } from '../purge-expired.ts';
import type { Delivery, DeliveryStatus } from './domain/delivery.ts';
import type { ReplayEnd } from './domain/replay-outcomes.ts';

/** A stored delivery. A write names the `rev` that it is based on and fails if there is a newer one. */
export type StoredDelivery = Readonly<{ delivery: Delivery; rev: number }>;

/** Classes of the last response's status; none: no response was read, or there was no attempt. */
export const statusClasses = ['2xx', '3xx', '4xx', '5xx', 'none'] as const;

/** See {@link statusClasses}. */
export type StatusClass = (typeof statusClasses)[number];

/** Filters of deliveries, within the scope of the caller. */
export type DeliveryFilters = TenantScope &
  Readonly<{
    eventId?: EventId;
    subscriptionId?: SubscriptionId;
    consumerId?: ConsumerId;
    /** A full name, `order.*` or `*`. */
    eventType?: string;
    status?: DeliveryStatus;
    /** By the status of the last response. */
    statusClass?: StatusClass;
    /** The reason of the status, or of the last failure. */
    reason?: string;
    orderingKey?: string;
    /** Those of which an attempt has this trigger. */
    trigger?: Trigger;
    createdAfterMs?: number;
    createdBeforeMs?: number;
  }>;

/** A page of a list. `isOldestFirst`: the list is in the opposite order. */
export type ListPage = Readonly<{ limit: number; after: ListPosition | null; isOldestFirst?: boolean }>;

/** The position of a delivery in a list: newest first, then by document key within the same millisecond. */
export type ListPosition = Readonly<{ createdAtMs: number; key: string }>;

/** A delivery in a list, without its attempt events; values derived from them are computed at the write. */
export type DeliverySummary = Omit<Delivery, 'attemptEvents'> &
  Readonly<{
    attemptCount: number;
    lastStatusCode: number | null;
    lastReason: string | null;
    lastAttemptAtMs: number | null;
  }>;

/** Numbers of deliveries by status; a status without deliveries is missing. */
export type OutcomeCounts = Readonly<Partial<Record<DeliveryStatus, number>>>;

/**
 * The read model. Every write is to single documents. All methods reject with AppError `unavailable` if the store
 * cannot be reached.
 */
export type DeliveryStore = Readonly<{
  /** Stores new deliveries; returns the ids of existing ones, which it leaves unchanged. */
  insert(deliveries: readonly Delivery[]): Promise<ReadonlySet<DeliveryId>>;
  read(
    deliveries: readonly Pick<Delivery, 'eventId' | 'id'>[],
  ): Promise<ReadonlyMap<DeliveryId, StoredDelivery>>;
  /** Replaces each delivery whose `rev` is still the given one; returns the number of replacements. */
  replace(changes: readonly StoredDelivery[]): Promise<number>;
  find(id: DeliveryId, filters: DeliveryFilters): Promise<Delivery | null>;
  /** Counts the deliveries of each event within a scope; events without any are missing. */
  countByEvent(events: readonly EventId[], scope: TenantScope): Promise<ReadonlyMap<EventId, OutcomeCounts>>;
  /** Lists a page. With filters that no index serves, this reads all that the others leave: see `step`. */
  list(filters: DeliveryFilters, page: ListPage): Promise<readonly DeliverySummary[]>;
  /** Lists up to a page. With filters that no index serves, it reads `readAtOnce` of the others' deliveries at most. */
  step(filters: DeliveryFilters, page: ListPage): Promise<ListStep<DeliverySummary, ListPosition>>;
  count(filters: DeliveryFilters): Promise<number>;
  /** Counts those that wait for an attempt by subscription and reason, `limit` of them at most. */
  countUnderWay(filters: DeliveryFilters, limit: number): Promise<readonly UndeliveredCount[]>;
  /**
   * Notes the ends of the replays of these deliveries, as stored: those that it knows already are left unchanged, and a
   * success replaces a failure. May be repeated.
   */
  putReplayEnds(deliveries: readonly Delivery[]): Promise<void>;
  /** Counts the deliveries of a workspace of which the replay with this chain ended so. */
  countReplayed(workspaceId: WorkspaceId, end: ReplayEnd): Promise<number>;
}> &
  // By the time when the event was accepted.
  PurgedByWorkspace;
