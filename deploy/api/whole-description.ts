import { type ApiDescription, describeApi, describing, route } from '../../packages/http/src/index.ts';
import { bulkRoutes } from '../../services/history/src/dead-letters/adapters/bulk-routes.ts';
import { deadLetterRoutes } from '../../services/history/src/dead-letters/adapters/dead-letter-routes.ts';
import { deliveryRoutes } from '../../services/history/src/deliveries/adapters/delivery-routes.ts';
import { erasureRoutes } from '../../services/history/src/erasure/adapters/erasure-routes.ts';
import { webhookEventRoutes } from '../../services/history/src/events/adapters/event-routes.ts';
import { exportRoutes } from '../../services/history/src/exports/adapters/export-routes.ts';
import { fileRoute } from '../../services/history/src/exports/adapters/file-route.ts';
import { jobRoutes } from '../../services/history/src/jobs/adapters/job-routes.ts';
import { receivedRoutes } from '../../services/history/src/received/adapters/received-routes.ts';
import { replayRoutes } from '../../services/history/src/replays/adapters/replay-routes.ts';
import { bulkRetryRoute } from '../../services/history/src/retries/adapters/bulk-retry-route.ts';
import { retryRoutes } from '../../services/history/src/retries/adapters/retry-routes.ts';
import { bulkRunRoutes } from '../../services/history/src/runs/adapters/bulk-run-routes.ts';
import { runRoutes } from '../../services/history/src/runs/adapters/run-routes.ts';
import { statisticsRoutes } from '../../services/history/src/statistics/adapters/statistics-routes.ts';
import { streamRoutes } from '../../services/history/src/stream/adapters/stream-routes.ts';
import { breakerRoutes } from '../../services/history/src/system/adapters/breaker-routes.ts';
import { systemRoutes } from '../../services/history/src/system/adapters/system-routes.ts';
import { undeliveredRoutes } from '../../services/history/src/undelivered/adapters/undelivered-routes.ts';
import { eventRoutes } from '../../services/ingress/src/adapters/event-routes.ts';
import { sourceRoute } from '../../services/ingress/src/adapters/source-routes.ts';
import { apiKeyRoutes } from '../../services/subscription/src/access/adapters/api-key-routes.ts';
import { consumerRoutes } from '../../services/subscription/src/access/adapters/consumer-routes.ts';
import { identityRoute } from '../../services/subscription/src/access/adapters/identity-route.ts';
import { portalRoutes } from '../../services/subscription/src/access/adapters/portal/portal-routes.ts';
import { signOutRoute } from '../../services/subscription/src/access/adapters/sign-out-route.ts';
import { workspaceRoutes } from '../../services/subscription/src/access/adapters/workspace-routes.ts';
import { eventTypeRoutes } from '../../services/subscription/src/event-types/adapters/event-type-routes.ts';
import { auditRoutes } from '../../services/subscription/src/registry/adapters/audit-routes.ts';
import { sourceRoutes } from '../../services/subscription/src/sources/adapters/source-routes.ts';
import { filterRoutes } from '../../services/subscription/src/subscriptions/adapters/filter-routes.ts';
import { subscriptionRoutes } from '../../services/subscription/src/subscriptions/adapters/subscription-routes.ts';
import { webhooks } from '../../services/subscription/src/subscriptions/adapters/webhook-schemas.ts';

// Routes are declared without their dependencies, which are used only when a route is called.
const nothing = { limits: {}, maxRatePerSecond: 1_000 } as never;

// The kinds of the registry's documents, as its service.ts lists them, and erasures.
const auditKinds = [
  ...['subscription', 'event_type', 'source', 'consumer', 'workspace', 'api-key', 'token-key'],
  'erasure',
];

/** The description of the whole API, joined from the services as the console does it. */
export const wholeDescription: ApiDescription = describeApi(
  [
    ...eventRoutes(nothing),
    sourceRoute(nothing),
    ...webhookEventRoutes(nothing),
    ...deliveryRoutes(nothing),
    ...deadLetterRoutes(nothing),
    ...bulkRoutes(nothing),
    ...jobRoutes(nothing),
    ...erasureRoutes(nothing),
    ...retryRoutes(nothing),
    bulkRetryRoute(nothing),
    ...statisticsRoutes(nothing),
    ...systemRoutes(nothing),
    ...breakerRoutes(nothing),
    ...undeliveredRoutes(nothing, nothing),
    ...receivedRoutes(nothing),
    ...runRoutes(nothing),
    ...bulkRunRoutes(nothing),
    ...streamRoutes(nothing),
    ...replayRoutes(nothing),
    ...exportRoutes(nothing),
    fileRoute(nothing),
    ...subscriptionRoutes(nothing),
    ...filterRoutes(nothing),
    ...eventTypeRoutes(nothing),
    ...sourceRoutes(nothing),
    ...consumerRoutes(nothing),
    ...apiKeyRoutes(nothing),
    ...portalRoutes(nothing),
    identityRoute(),
    signOutRoute(nothing),
    ...workspaceRoutes(nothing),
    ...auditRoutes(nothing, auditKinds),
    route({ ...describing, handle: async () => undefined }),
  ],
  webhooks,
);
