import { mountRoutes, serve } from '@tidings/http';
import type { ServiceContext } from '@tidings/observability';
import { createApiProxy } from './adapters/api-proxy.ts';
import { descriptionRoutes } from './adapters/description-routes.ts';
import { fetchDescription } from './adapters/fetch-description.ts';
import { fetchReadiness } from './adapters/fetch-readiness.ts';
import { mountOperatorRoutes, mountPublicPage } from './adapters/status-routes.ts';
import { createCollectDescription } from './collect-description.ts';
import { createCollectStates } from './collect-states.ts';
import type { configSpec } from './config.ts';
import type { metricsCatalogue } from './metrics.ts';

// The page refreshes every two seconds: several viewers share one round of requests.
const freshMs = 1_000;

/**
 * Starts the console: the public server, and the operators' server, which closes last. It is ready when both listen: a
 * service that is down is shown, and does not make the page unavailable.
 */
export async function startConsole(
  context: ServiceContext<typeof configSpec, typeof metricsCatalogue>,
): Promise<{ url: string; operatorUrl: string }> {
  const { config, logger, metrics, resources, clock } = context;
  const targets = {
    ingress: config.ingressUrl,
    subscription: config.subscriptionUrl,
    history: config.historyUrl,
  };
  const proxy = createApiProxy({
    targets,
    timeoutMs: config.upstreamTimeoutMs,
    logger,
    metrics: metrics.handles,
  });
  resources.add('proxy', proxy.close);
  const collectStates = createCollectStates({
    services: [
      { name: 'ingress', url: config.ingressUrl },
      { name: 'subscription', url: config.subscriptionUrl },
      { name: 'fanout', url: config.fanoutUrl },
      { name: 'delivery', url: config.deliveryUrl },
      { name: 'history', url: config.historyUrl },
    ],
    fetchFrom: fetchReadiness(config.fetchTimeoutMs),
    clock,
    freshMs,
  });
  const collectDescription = createCollectDescription({
    services: Object.entries(targets).map(([name, url]) => ({ name, url })),
    fetchFrom: fetchDescription(config.fetchTimeoutMs),
    clock,
  });
  const { operatorHost: host, operatorPort: port } = config;
  const operatorServer = await serve(
    { ...context, config: { host, port, trustedProxies: [] } },
    { routes: (app) => mountOperatorRoutes(app, collectStates) },
  );
  const server = await serve(context, {
    hasMetrics: false,
    // Bodies are forwarded: the services enforce their own limits and report them.
    maxBodyBytes: Number.MAX_SAFE_INTEGER,
    routes: (app) => {
      proxy.mount(app);
      mountPublicPage(app, collectStates);
      // The description requires no key: no route of the console checks one.
      mountRoutes(app, descriptionRoutes(collectDescription), { authenticate: () => null });
    },
  });
  // Before the server closes, which waits for open responses.
  resources.add('streams', proxy.endStreams);
  return { url: server.url, operatorUrl: operatorServer.url };
}
