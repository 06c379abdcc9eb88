import { createApp, listen, mountRoutes } from '@tidings/http';
import { createMetrics, silentLogger } from '@tidings/observability';
import { Health, systemClock } from '@tidings/runtime';
import { onTestFinished } from 'vitest';
import { type RouteParts, subscriptionRoutes } from '../src/subscriptions/adapters/subscription-routes.ts';
import { openInMemoryRegistry } from './in-memory-registry.ts';
import { apiCaller, principals } from './registry-api.ts';

/** The routes over the registry in memory, on a real socket, for one test. Its clock is the real one. */
export async function serveInMemory(overrides: Partial<RouteParts> = {}) {
  const registry = await openInMemoryRegistry();
  let replays = 0;
  const routes = subscriptionRoutes({
    ...registry,
    ...overrides,
    clock: systemClock,
    onReplay: () => {
      replays += 1;
    },
  });
  const app = createApp({
    service: 'subscription',
    logger: silentLogger,
    metrics: createMetrics({}, { service: 'subscription', nodeMetrics: false }),
    health: new Health(),
    routes: (router) => mountRoutes(router, routes, { authenticate: (token) => principals[token] ?? null }),
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, logger: silentLogger });
  onTestFinished(async () => server.close(1_000));
  return { ...registry, url: server.url, call: apiCaller(server.url, 'own'), replays: () => replays };
}
