import type { ApiDescription, Route } from '@tidings/http';
import { keyRing, systemClock } from '@tidings/runtime';
import { apiKeyKind, consumerKind, tokenKeyKind } from '../../src/access/access-kinds.ts';
import { apiKeyRoutes } from '../../src/access/adapters/api-key-routes.ts';
import { consumerRoutes } from '../../src/access/adapters/consumer-routes.ts';
import { portalRoutes } from '../../src/access/adapters/portal/portal-routes.ts';
import { signOutRoute } from '../../src/access/adapters/sign-out-route.ts';
import { workspaceRoutes } from '../../src/access/adapters/workspace-routes.ts';
import { workspaceKind } from '../../src/access/workspace-kind.ts';
import { eventTypeRoutes } from '../../src/event-types/adapters/event-type-routes.ts';
import { catalogueTypes } from '../../src/event-types/adapters/open-catalogue.ts';
import { eventTypeKind } from '../../src/event-types/event-type-kind.ts';
import { auditRoutes } from '../../src/registry/adapters/audit-routes.ts';
import { kafkaDocumentTopic } from '../../src/registry/adapters/kafka-document-topic.ts';
import type { DocumentKind } from '../../src/registry/document-kind.ts';
import { documentsOf } from '../../src/registry/documents.ts';
import { TopicVersions } from '../../src/registry/domain/topic-versions.ts';
import type { Versioned } from '../../src/registry/domain/versioned.ts';
import { filterRoutes } from '../../src/subscriptions/adapters/filter-routes.ts';
import { subscriptionRoutes } from '../../src/subscriptions/adapters/subscription-routes.ts';
import { accessCaller } from './in-memory-access.ts';
import { aKeyRing, openInMemoryRegistry } from './in-memory-registry.ts';
import { knownPresence } from './known-presence.ts';
import { MemoryDocumentStore } from './memory-document-store.ts';
import { serveRoutes } from './serve-routes.ts';

type Registry = Awaited<ReturnType<typeof openInMemoryRegistry>>;

async function openKinds({ bus, audit, logger, metrics }: Registry) {
  const producer = await bus.producer();
  const parts = { audit, clock: systemClock, logger, metrics, waitMs: 1_000, presence: knownPresence() };
  const open = <T extends Versioned>(kind: DocumentKind<T>) => {
    const topic = kafkaDocumentTopic(kind, producer);
    const store = new MemoryDocumentStore(kind);
    return documentsOf(
      { kind, store, topic, topicVersions: new TopicVersions(), copyVersions: new TopicVersions() },
      parts,
    );
  };
  return {
    eventTypes: open(eventTypeKind),
    workspaces: open(workspaceKind),
    consumers: open(consumerKind),
    apiKeys: open(apiKeyKind),
    tokenKeys: open(tokenKeyKind),
  };
}

function routesOf(registry: Registry, kinds: Awaited<ReturnType<typeof openKinds>>): readonly Route[] {
  const ring = keyRing(aKeyRing());
  const usage = { note: async () => {}, findMany: async () => new Map<string, number>() };
  const operator = { maxSubscriptions: 50, disableAfterFailures: 7 };
  const checkEndpoint = async () => ({ faults: [] });
  return [
    ...subscriptionRoutes({ ...registry, clock: systemClock }),
    ...filterRoutes({
      catalogue: { typesOf: catalogueTypes(kinds.eventTypes.store) },
    }),
    ...eventTypeRoutes(kinds.eventTypes),
    ...consumerRoutes(kinds.consumers),
    ...apiKeyRoutes({ ...kinds, usage, ring }),
    signOutRoute(kinds),
    ...portalRoutes({ ...kinds, ring, portalUrl: 'https://hooks.example/portal' }),
    ...workspaceRoutes({ ...kinds.workspaces, ring, operator, checkEndpoint }),
    ...auditRoutes(registry.audit, ['subscription', 'workspace', 'consumer']),
  ];
}

/** Serves every route of the service in memory, on a real socket, for one test. */
export async function serveEverything() {
  const registry = await openInMemoryRegistry();
  const kinds = await openKinds(registry);
  const served = await serveRoutes(routesOf(registry, kinds));
  const description = async (): Promise<ApiDescription> =>
    (await (await fetch(`${served.url}/v1/openapi.json`)).json()) as ApiDescription;
  const stores = [registry.store, ...Object.values(kinds).map(({ store }) => store)];
  /** Returns the current documents by id. */
  const documents = async (): Promise<ReadonlyMap<string, Versioned>> => {
    const lists = await Promise.all(
      stores.map(async (store) => (await store.listAll({ afterId: null, limit: 1_000 })).items),
    );
    return new Map(lists.flat().map((one) => [one.id, one]));
  };
  return { ...registry, ...kinds, ...served, description, documents, call: accessCaller(served.url, 'own') };
}
