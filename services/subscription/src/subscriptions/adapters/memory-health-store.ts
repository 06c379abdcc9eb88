import type { SubscriptionId } from '@tidings/contracts';
import type { EndpointHealth } from '../domain/endpoint-health.ts';
import type { HealthStore } from '../ports.ts';

/** The health of endpoints in memory, for tests. */
export class MemoryHealthStore implements HealthStore {
  readonly #entries = new Map<SubscriptionId, EndpointHealth>();

  async find(id: SubscriptionId): Promise<EndpointHealth | null> {
    return this.#entries.get(id) ?? null;
  }

  async findMany(ids: readonly SubscriptionId[]): Promise<ReadonlyMap<SubscriptionId, EndpointHealth>> {
    return new Map([...this.#entries].filter(([id]) => ids.includes(id)));
  }

  async insert(health: EndpointHealth): Promise<boolean> {
    if (this.#entries.has(health.subscriptionId)) return false;
    this.#entries.set(health.subscriptionId, health);
    return true;
  }

  async replace(health: EndpointHealth): Promise<boolean> {
    if (this.#entries.get(health.subscriptionId)?.rev !== health.rev - 1) return false;
    this.#entries.set(health.subscriptionId, health);
    return true;
  }

  async remove(id: SubscriptionId): Promise<void> {
    this.#entries.delete(id);
  }
}
