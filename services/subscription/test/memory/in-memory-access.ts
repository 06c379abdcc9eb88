import { type AccessRecord, decodeAccess, topics } from '@tidings/contracts';
import { createMemoryBus } from '@tidings/kafka/testing';
import { createMetrics } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { keyRing, systemClock } from '@tidings/runtime';
import { consumerKind } from '../../src/access/access-kinds.ts';
import { consumerRoutes } from '../../src/access/adapters/consumer-routes.ts';
import { workspaceRoutes } from '../../src/access/adapters/workspace-routes.ts';
import { workspaceKind } from '../../src/access/workspace-kind.ts';
import { metricsCatalogue } from '../../src/metrics.ts';
import { auditRoutes } from '../../src/registry/adapters/audit-routes.ts';
import { kafkaDocumentTopic } from '../../src/registry/adapters/kafka-document-topic.ts';
import type { DocumentKind } from '../../src/registry/document-kind.ts';
import { documentsOf } from '../../src/registry/documents.ts';
import { TopicVersions } from '../../src/registry/domain/topic-versions.ts';
import type { Versioned } from '../../src/registry/domain/versioned.ts';
import { callerOf } from '../registry-api.ts';
import { aKeyRing } from './in-memory-registry.ts';
import { knownPresence } from './known-presence.ts';
import { MemoryAuditLog } from './memory-audit-log.ts';
import { MemoryDocumentStore } from './memory-document-store.ts';
import { serveRoutes } from './serve-routes.ts';

/** Creates a caller of everything below `/v1/webhooks`: `call('POST', 'consumers', { body })`. */
export const accessCaller = (url: string, defaultKey: string) =>
  callerOf<Readonly<Record<string, unknown>>>(`${url}/v1/webhooks/`, defaultKey);

/** Serves the routes of consumers, workspaces and the audit log in memory, on a real socket, for one test. */
export async function serveAccess() {
  const bus = createMemoryBus({ clock: systemClock });
  const producer = await bus.producer();
  const audit = new MemoryAuditLog();
  const metrics = createMetrics(metricsCatalogue, { service: 'subscription', nodeMetrics: false });
  const parts = {
    audit,
    clock: systemClock,
    logger: recordingLogger(),
    metrics: metrics.handles,
    waitMs: 1_000,
    presence: knownPresence(),
  };
  const open = <T extends Versioned>(kind: DocumentKind<T>) => {
    const store = new MemoryDocumentStore(kind);
    return documentsOf(
      {
        kind,
        store,
        topic: kafkaDocumentTopic(kind, producer),
        topicVersions: new TopicVersions(),
        copyVersions: new TopicVersions(),
      },
      parts,
    );
  };
  const workspaces = open(workspaceKind);
  const consumers = open(consumerKind);
  const ring = keyRing(aKeyRing());
  const operator = { maxSubscriptions: 50, disableAfterFailures: 7 };
  const checkEndpoint = async (url: string) => ({
    faults: url.includes('internal') ? ['is internal'] : [],
  });
  const routes = [
    ...consumerRoutes(consumers),
    ...workspaceRoutes({ ...workspaces, ring, operator, checkEndpoint }),
    ...auditRoutes(audit, ['workspace', 'consumer']),
  ];
  const { url } = await serveRoutes(routes);
  const records = (): readonly AccessRecord[] =>
    bus.records(topics.access).map((record) => decodeAccess(record));
  return { call: accessCaller(url, 'own'), records, ring };
}
