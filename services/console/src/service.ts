import { randomBytes } from 'node:crypto';
import { type AppOptions, mountRoutes, serve } from '@tidings/http';
import type { ServiceContext } from '@tidings/observability';
import { type Clock, type KeyRing, keyRing } from '@tidings/runtime';
import { type ApiProxy, createApiProxy } from './adapters/api-proxy.ts';
import { descriptionRoutes } from './adapters/description-routes.ts';
import { fetchDescription } from './adapters/fetch-description.ts';
import { fetchReadiness } from './adapters/fetch-readiness.ts';
import { mountOperatorRoutes } from './adapters/status-routes.ts';
import { type CollectDescription, createCollectDescription } from './collect-description.ts';
import { createCollectStates } from './collect-states.ts';
import type { configSpec } from './config.ts';
import type { RoutedService } from './domain/route-table.ts';
import { askService } from './instances/ask-service.ts';
import { ServiceInstances } from './instances/domain/service-instances.ts';
import { type InstanceWatch, watchInstances } from './instances/watch-instances.ts';
import type { metricsCatalogue } from './metrics.ts';
import { readWebFiles, webFolder } from './pages/adapters/web-files.ts';
import { mountWebRoutes } from './pages/adapters/web-routes.ts';
import type { FetchDescription } from './ports.ts';
import { fetchIdentity } from './sessions/adapters/fetch-identity.ts';
import { recordSignOut } from './sessions/adapters/record-sign-out.ts';
import { useSession } from './sessions/adapters/session-credentials.ts';
import { mountSessionRoutes, mountSignInLinks } from './sessions/adapters/session-routes.ts';
import { endOf } from './sessions/domain/session.ts';
import { EndedSessions } from './sessions/ended-sessions.ts';
import { Sessions } from './sessions/sessions.ts';
import { SignInCodes } from './sessions/sign-in-codes.ts';

// The page refreshes every two seconds: several viewers share one round of requests.
const freshMs = 1_000;

/**
 * Starts the console: the public server, and the operators' server, which closes last. It is ready when both listen: a
 * service that is down is shown, and does not make the page unavailable.
 */
export async function startConsole(context: Context): Promise<{ url: string; operatorUrl: string }> {
  const { config, resources, clock } = context;
  const targets = targetsOf(config);
  const { sessions, codes, limits } = createSessions(config, clock);
  const watch = watchTargets(context, targets);
  const proxy = createProxy(context, { targets, watch, sessions, limits });
  resources.add('proxy', () => {
    watch.close();
    proxy.close();
  });
  const collectStates = createCollectStates({
    services: monitored(config, targets),
    fetchFrom: fetchReadiness(config.fetchTimeoutMs),
    clock,
    freshMs,
  });
  const collectDescription = describeTargets(context, targets);
  const askSubscription = async (send: (url: string) => Promise<Response>) =>
    askService(targets.subscription, watch, send);
  const operatorServer = await serveOperators(context, {
    routes: (app) => {
      mountOperatorRoutes(app, collectStates);
      mountSignInLinks(app, codes);
    },
  });
  const server = await serve(context, {
    hasMetrics: false,
    // Bodies are forwarded: the services enforce their own limits and report them.
    maxBodyBytes: Number.MAX_SAFE_INTEGER,
    routes: (app) => {
      proxy.mount(app);
      mountSessionRoutes(app, {
        sessions,
        codes,
        fetchIdentity: fetchIdentity(askSubscription),
        recordSignOut: recordSignOut(askSubscription),
        onSignedOut: proxy.endSignedOut,
        limits,
      });
      // The description requires no key: no route of the console checks one.
      mountRoutes(app, descriptionRoutes(collectDescription), { authenticate: () => null });
      const read = () => readWebFiles(webFolder());
      mountWebRoutes(app, { read, portalOrigins: config.portalOrigins });
    },
  });
  // Before the server closes, which waits for open responses.
  resources.add('streams', proxy.endStreams);
  return { url: server.url, operatorUrl: operatorServer.url };
}

/** Returns the services that answer the API, by name. */
const targetsOf = ({ ingressUrls, subscriptionUrls, historyUrls }: Context['config']): Targets => ({
  ingress: new ServiceInstances('ingress', ingressUrls),
  subscription: new ServiceInstances('subscription', subscriptionUrls),
  history: new ServiceInstances('history', historyUrls),
});

type Targets = Readonly<Record<RoutedService, ServiceInstances>>;

const watchTargets = ({ config, clock, logger, metrics }: Context, targets: Targets): InstanceWatch =>
  watchInstances({
    services: Object.values(targets),
    fetchFrom: fetchReadiness(config.fetchTimeoutMs),
    clock,
    logger,
    metrics: metrics.handles,
  });

const describeTargets = ({ config, clock }: Context, targets: Targets): CollectDescription =>
  createCollectDescription({
    services: Object.values(targets).map(({ service, all }) => ({ name: service, url: all[0]?.url ?? '' })),
    fetchFrom: fromAny(targets, fetchDescription(config.fetchTimeoutMs)),
    clock,
  });

/** Fetches the description of a service from the first of its instances that has it. */
const fromAny =
  (targets: Targets, fetchFrom: FetchDescription): FetchDescription =>
  async ({ name }) => {
    for (const instance of targets[name as RoutedService].all) {
      const description = await fetchFrom(instance);
      if (description !== null) return description;
    }
    return null;
  };

type ProxyParts = Readonly<{ targets: Targets; watch: InstanceWatch }> &
  Pick<ReturnType<typeof createSessions>, 'sessions' | 'limits'>;

function createProxy(
  { config, clock, logger, metrics }: Context,
  { targets, watch, sessions, limits }: ProxyParts,
): ApiProxy {
  return createApiProxy({
    targets,
    watch,
    prepare: (request, response) => {
      const session = useSession(sessions, request, response);
      if (session === null) return null;
      return { endsAtMs: endOf(session, limits), isSignedOut: () => sessions.isSignedOut(session) };
    },
    timeoutMs: config.upstreamTimeoutMs,
    maxIngressRequests: config.maxIngressRequests,
    clock,
    logger,
    metrics: metrics.handles,
  });
}

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

async function serveOperators(context: Context, options: Pick<AppOptions, 'routes'>) {
  const { operatorHost: host, operatorPort: port } = context.config;
  return serve({ ...context, config: { host, port, trustedProxies: [] } }, options);
}

const monitored = (
  { fanoutUrls, deliveryUrls }: Context['config'],
  { ingress, subscription, history }: Targets,
) =>
  [
    ...[ingress, subscription],
    ...[new ServiceInstances('fanout', fanoutUrls), new ServiceInstances('delivery', deliveryUrls)],
    history,
  ].flatMap(({ all }) => all);

type SessionSettings = Readonly<{
  sessionKeys: string | undefined;
  sessionIdleMs: number;
  sessionMaxMs: number;
}>;

function createSessions({ sessionKeys, sessionIdleMs, sessionMaxMs }: SessionSettings, clock: Clock) {
  const limits = { idleMs: sessionIdleMs, maxMs: sessionMaxMs };
  const ring = sessionKeys === undefined ? ringOfThisProcess() : keyRing(sessionKeys);
  const sessions = new Sessions({ ring, limits, ended: new EndedSessions(), clock });
  return { sessions, codes: new SignInCodes(clock), limits };
}

const ringOfThisProcess = (): KeyRing => keyRing(`process:${randomBytes(32).toString('base64')}`);
