import type { Route } from '@tidings/http';
import type { Producer } from '@tidings/kafka';
import type { ConfigOf, KeyRing } from '@tidings/runtime';
import { apiKeyRoutes } from './access/adapters/api-key-routes.ts';
import { operatorRules } from './access/adapters/bootstrap-task.ts';
import { consumerRoutes } from './access/adapters/consumer-routes.ts';
import { identityRoute } from './access/adapters/identity-route.ts';
import type { MongoKeyUsage } from './access/adapters/mongo-key-usage.ts';
import type { AccessDocuments } from './access/adapters/open-access-documents.ts';
import { portalRoutes } from './access/adapters/portal/portal-routes.ts';
import { signOutRoute } from './access/adapters/sign-out-route.ts';
import { workspaceRoutes } from './access/adapters/workspace-routes.ts';
import { workspaceDirectory } from './access/workspace-directory.ts';
import type { configSpec } from './config.ts';
import type { HealthStore } from './endpoint-health/ports.ts';
import { readHealth } from './endpoint-health/read-health.ts';
import { eventTypeRoutes } from './event-types/adapters/event-type-routes.ts';
import type { EventType } from './event-types/domain/event-type.ts';
import { auditRoutes } from './registry/adapters/audit-routes.ts';
import type { Documents } from './registry/documents.ts';
import { erasureKindName } from './registry/domain/audit-entry.ts';
import type { Versioned } from './registry/domain/versioned.ts';
import type { AuditLog } from './registry/ports.ts';
import { sourceRoutes } from './sources/adapters/source-routes.ts';
import type { Source } from './sources/domain/source.ts';
import { filterRoutes } from './subscriptions/adapters/filter-routes.ts';
import { subscriptionRoutes } from './subscriptions/adapters/subscription-routes.ts';
import type { Subscription } from './subscriptions/domain/subscription.ts';
import type { CheckEndpoint, EventCatalogue, SendRequest } from './subscriptions/ports.ts';
import { SecretFactory } from './subscriptions/secret-factory.ts';

type RoutesParts = Readonly<{
  config: ConfigOf<typeof configSpec>;
  subscriptions: Documents<Subscription>;
  eventTypes: Documents<EventType>;
  sources: Documents<Source>;
  documents: AccessDocuments;
  kinds: readonly Documents<Versioned>[];
  health: HealthStore;
  usage: MongoKeyUsage;
  audit: AuditLog;
  catalogue: EventCatalogue;
  ring: KeyRing;
  producer: Producer;
  send: SendRequest;
  checkEndpoint: CheckEndpoint;
  /** Starts the queueing of test deliveries that are pending. */
  onTestPending(): void;
}>;

/** Returns the routes of the registry. */
export function registryRoutes(parts: RoutesParts): readonly Route[] {
  const { config, subscriptions, documents, kinds, usage, ring } = parts;
  return [
    ...subscriptionRoutes({
      ...parts,
      ...subscriptions,
      readHealth: readHealth(parts.health),
      secretFactory: new SecretFactory(ring),
      requestOrigin: config.requestOrigin,
      workspaces: workspaceDirectory(documents),
      secretOverlapMs: config.secretOverlapMs,
    }),
    ...filterRoutes(parts),
    ...eventTypeRoutes(parts.eventTypes),
    ...sourceRoutes({
      ...{ ...parts.sources, ring, secretOverlapMs: config.secretOverlapMs },
      workspaces: workspaceDirectory(documents),
    }),
    ...consumerRoutes(documents.consumers),
    ...apiKeyRoutes({ ...documents, usage, ring }),
    ...portalRoutes({ ...documents, ring, portalUrl: config.portalUrl }),
    identityRoute(),
    signOutRoute(documents),
    ...workspaceRoutes({ ...parts, ...documents.workspaces, operator: operatorRules(config) }),
    ...auditRoutes(parts.audit, [...kinds.map(({ kind }) => kind.name), erasureKindName]),
  ];
}
