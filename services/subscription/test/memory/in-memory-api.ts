import { systemClock } from '@tidings/runtime';
import { type RouteParts, subscriptionRoutes } from '../../src/subscriptions/adapters/subscription-routes.ts';
import { apiCaller } from '../registry-api.ts';
import { openInMemoryRegistry } from './in-memory-registry.ts';
import { serveRoutes } from './serve-routes.ts';

/** Serves the routes of the in-memory registry, on a real socket, for one test. Uses the system clock. */
export async function serveInMemory(overrides: Partial<RouteParts> = {}) {
  const registry = await openInMemoryRegistry();
  const routes = subscriptionRoutes({
    ...registry,
    ...overrides,
    clock: systemClock,
  });
  const served = await serveRoutes(routes);
  return { ...registry, ...served, call: apiCaller(served.url, 'own') };
}
