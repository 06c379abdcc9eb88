import { systemClock } from '@tidings/runtime';
import { type RouteParts, subscriptionRoutes } from '../src/subscriptions/adapters/subscription-routes.ts';
import { openInMemoryRegistry } from './in-memory-registry.ts';
import { apiCaller } from './registry-api.ts';
import { serveRoutes } from './serve-routes.ts';

/** The routes over the registry in memory, on a real socket, for one test. Its clock is the real one. */
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
