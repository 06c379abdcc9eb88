import type { ConsumerId, DeliveryId, EventId, SubscriptionId, WorkspaceId } from '@tidings/contracts';
import type { Delivery, DeliveryStatus } from './domain/delivery.ts';

/** A delivery as it is stored. A write names the `rev` it was made from and fails when there is a newer one. */
export type StoredDelivery = Readonly<{ delivery: Delivery; rev: number }>;

/** What a delivery is found by. `workspaceId` is a wall, and so is `ownerId` where the key belongs to one consumer. */
export type DeliveryFilters = Readonly<{
  workspaceId: WorkspaceId;
  ownerId: ConsumerId | null;
  eventId?: EventId;
  subscriptionId?: SubscriptionId;
  consumerId?: ConsumerId;
  eventType?: string;
  status?: DeliveryStatus;
  createdAfterMs?: number;
  createdBeforeMs?: number;
}>;

/** The place of a delivery in a list: newest first, by the key of its document where two are of one millisecond. */
export type ListPosition = Readonly<{ createdAtMs: number; key: string }>;

/** A delivery in a list: its facts are left out, what is told of them is counted when it is written. */
export type DeliverySummary = Omit<Delivery, 'attemptEvents'> &
  Readonly<{ attemptCount: number; lastStatusCode: number | null; lastAttemptAtMs: number | null }>;

/** The read model. Every write is to single documents. All reject with AppError `unavailable` when it cannot be reached. */
export type DeliveryStore = Readonly<{
  /** Stores those that are new; answers the ids of those that were there already, which it leaves as they are. */
  insert(deliveries: readonly Delivery[]): Promise<ReadonlySet<DeliveryId>>;
  read(
    deliveries: readonly Pick<Delivery, 'eventId' | 'id'>[],
  ): Promise<ReadonlyMap<DeliveryId, StoredDelivery>>;
  /** Replaces each whose `rev` is still the given one; answers how many that were. */
  replace(changes: readonly StoredDelivery[]): Promise<number>;
  find(id: DeliveryId, filters: DeliveryFilters): Promise<Delivery | null>;
  list(
    filters: DeliveryFilters,
    page: Readonly<{ limit: number; after: ListPosition | null }>,
  ): Promise<readonly DeliverySummary[]>;
  /** Removes up to `limit` deliveries made before that time; answers how many. */
  purge(createdBeforeMs: number, limit: number): Promise<number>;
}>;
