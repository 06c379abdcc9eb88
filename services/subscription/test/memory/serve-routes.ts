import { createApp, listen, mountRoutes, type Route } from '@tidings/http';
import { MemoryIdempotencyStore } from '@tidings/http/testing';
import { createMetrics, silentLogger } from '@tidings/observability';
import { Health, keyRing, systemClock } from '@tidings/runtime';
import { onTestFinished } from 'vitest';
import { webhooks } from '../../src/subscriptions/adapters/webhook-schemas.ts';
import { principals } from '../registry-api.ts';
import { aKeyRing } from './in-memory-registry.ts';

/** Serves routes on a real socket for one test, to the keys named in `principals`. */
export async function serveRoutes(
  routes: readonly Route[],
  { trustedProxies = [] }: Readonly<{ trustedProxies?: readonly string[] }> = {},
): Promise<Readonly<{ url: string; keys: MemoryIdempotencyStore; replays(): number }>> {
  const keys = new MemoryIdempotencyStore();
  let replays = 0;
  const idempotency = {
    ...{ store: keys, ring: keyRing(aKeyRing()), clock: systemClock, logger: silentLogger },
    onReplay: () => {
      replays += 1;
    },
  };
  const authenticate = (token: string) => principals[token] ?? null;
  const app = createApp({
    service: 'subscription',
    logger: silentLogger,
    metrics: createMetrics({}, { service: 'subscription', nodeMetrics: false }),
    health: new Health(),
    trustedProxies,
    routes: (router) => mountRoutes(router, routes, { authenticate, idempotency, webhooks }),
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, logger: silentLogger });
  onTestFinished(async () => server.close(1_000));
  return { url: server.url, keys, replays: () => replays };
}
