import type { SubscriptionId } from '@tidings/contracts';
import type { EndpointHealth } from '../../src/endpoint-health/domain/endpoint-health.ts';
import type { HealthStore } from '../../src/endpoint-health/ports.ts';

/** In-memory store of endpoint health for tests. */
export class MemoryHealthStore implements HealthStore {
  readonly #entries = new Map<SubscriptionId, EndpointHealth>();

  async find(id: SubscriptionId): Promise<EndpointHealth | null> {
    return this.#entries.get(id) ?? null;
  }

  async findMany(ids: readonly SubscriptionId[]): Promise<ReadonlyMap<SubscriptionId, EndpointHealth>> {
    return new Map([...this.#entries].filter(([id]) => ids.includes(id)));
  }

  async write(all: readonly EndpointHealth[]): Promise<boolean> {
    const winners = all.filter(
      ({ subscriptionId, rev }) => (this.#entries.get(subscriptionId)?.rev ?? 0) === rev - 1,
    );
    for (const health of winners) this.#entries.set(health.subscriptionId, health);
    return winners.length === all.length;
  }

  async remove(id: SubscriptionId): Promise<void> {
    this.#entries.delete(id);
  }
}
