import type { HealthEvent, SubscriptionId } from '@tidings/contracts';
import type { EndpointHealth } from './domain/endpoint-health.ts';

/** Store of endpoint health. Rejects with AppError `unavailable`, like the other stores. */
export type HealthStore = Readonly<{
  find(id: SubscriptionId): Promise<EndpointHealth | null>;
  findMany(ids: readonly SubscriptionId[]): Promise<ReadonlyMap<SubscriptionId, EndpointHealth>>;
  /**
   * Replaces the previous revision of each; `rev` is 1 for the first. Returns false when the stored revision of at
   * least one is not the previous one. The caller then has to read which of them were written.
   */
  write(all: readonly EndpointHealth[]): Promise<boolean>;
  remove(id: SubscriptionId): Promise<void>;
}>;

/** Publishes operational events; rejects when the brokers do not acknowledge all of them within seconds. */
export type PublishOperationalEvents = (events: readonly HealthEvent[]) => Promise<void>;
