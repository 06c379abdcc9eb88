import type { ReadHealth } from '../subscriptions/ports.ts';
import { shownHealth } from './domain/endpoint-health.ts';
import type { HealthStore } from './ports.ts';

/** Reads the health of endpoints as the API shows it. */
export const readHealth =
  (store: Pick<HealthStore, 'findMany'>): ReadHealth =>
  async (subscriptions) => {
    const found = await store.findMany(subscriptions.map(({ id }) => id));
    return new Map(
      subscriptions.map(({ id, countedVersion }) => [id, shownHealth(found.get(id), countedVersion)]),
    );
  };
