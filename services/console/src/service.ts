import { randomBytes } from 'node:crypto';
import { type AppOptions, mountRoutes, serve } from '@tidings/http';
import type { ServiceContext } from '@tidings/observability';
import { type Clock, type KeyRing, keyRing } from '@tidings/runtime';
import { type ApiProxy, createApiProxy } from './adapters/api-proxy.ts';
import { descriptionRoutes } from './adapters/description-routes.ts';
import { fetchDescription } from './adapters/fetch-description.ts';
import { fetchReadiness } from './adapters/fetch-readiness.ts';
import { mountOperatorRoutes } from './adapters/status-routes.ts';
import { createCollectDescription } from './collect-description.ts';
import { createCollectStates } from './collect-states.ts';
import type { configSpec } from './config.ts';
import type { metricsCatalogue } from './metrics.ts';
import { readWebFiles, webFolder } from './pages/adapters/web-files.ts';
import { mountWebRoutes } from './pages/adapters/web-routes.ts';
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
  const proxy = createProxy(context, { sessions, limits });
  resources.add('proxy', proxy.close);
  const collectStates = createCollectStates({
    services: monitored(config),
    fetchFrom: fetchReadiness(config.fetchTimeoutMs),
    clock,
    freshMs,
  });
  const collectDescription = createCollectDescription({
    services: Object.entries(targets).map(([name, url]) => ({ name, url })),
    fetchFrom: fetchDescription(config.fetchTimeoutMs),
    clock,
  });
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
        fetchIdentity: fetchIdentity(targets.subscription),
        recordSignOut: recordSignOut(targets.subscription),
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
const targetsOf = ({ ingressUrl, subscriptionUrl, historyUrl }: Context['config']) => ({
  ingress: ingressUrl,
  subscription: subscriptionUrl,
  history: historyUrl,
});

function createProxy(
  { config, clock, logger, metrics }: Context,
  { sessions, limits }: Pick<ReturnType<typeof createSessions>, 'sessions' | 'limits'>,
): ApiProxy {
  return createApiProxy({
    targets: targetsOf(config),
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

type ServiceUrls = Readonly<
  Record<'ingressUrl' | 'subscriptionUrl' | 'fanoutUrl' | 'deliveryUrl' | 'historyUrl', string>
>;

const monitored = (urls: ServiceUrls) => [
  { name: 'ingress', url: urls.ingressUrl },
  { name: 'subscription', url: urls.subscriptionUrl },
  { name: 'fanout', url: urls.fanoutUrl },
  { name: 'delivery', url: urls.deliveryUrl },
  { name: 'history', url: urls.historyUrl },
];

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
