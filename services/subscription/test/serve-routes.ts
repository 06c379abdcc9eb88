import { createApp, listen, mountRoutes, type Route } from '@tidings/http';
import { createMetrics, silentLogger } from '@tidings/observability';
import { Health } from '@tidings/runtime';
import { onTestFinished } from 'vitest';
import { principals } from './registry-api.ts';

/** Serves routes on a real socket for one test, to the keys that are named in `principals`. */
export async function serveRoutes(
  routes: readonly Route[],
  { trustedProxies = [] }: Readonly<{ trustedProxies?: readonly string[] }> = {},
): Promise<Readonly<{ url: string }>> {
  const app = createApp({
    service: 'subscription',
    logger: silentLogger,
    metrics: createMetrics({}, { service: 'subscription', nodeMetrics: false }),
    health: new Health(),
    trustedProxies,
    routes: (router) => mountRoutes(router, routes, { authenticate: (token) => principals[token] ?? null }),
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, logger: silentLogger });
  onTestFinished(async () => server.close(1_000));
  return { url: server.url };
}
