import { decodeSource, topics } from '@tidings/contracts';
import { createMemoryBus } from '@tidings/kafka/testing';
import { createMetrics } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { keyRing, systemClock } from '@tidings/runtime';
import { metricsCatalogue } from '../../src/metrics.ts';
import { kafkaDocumentTopic } from '../../src/registry/adapters/kafka-document-topic.ts';
import { documentsOf } from '../../src/registry/documents.ts';
import { TopicVersions } from '../../src/registry/domain/topic-versions.ts';
import { sourceRoutes } from '../../src/sources/adapters/source-routes.ts';
import { sourceKind } from '../../src/sources/source-kind.ts';
import { callerOf } from '../registry-api.ts';
import { aKeyRing } from './in-memory-registry.ts';
import { knownPresence } from './known-presence.ts';
import { MemoryAuditLog } from './memory-audit-log.ts';
import { MemoryDocumentStore } from './memory-document-store.ts';
import { serveRoutes } from './serve-routes.ts';

/** Fields of any response that tests read. */
export type SourceAnswer = Readonly<{
  id: string;
  path: string;
  version: number;
  secrets: readonly Readonly<{ id: string; expires_at: string | null }>[];
  errors: readonly Readonly<{ pointer: string; detail: string }>[];
  data: readonly SourceAnswer[];
}>;

/** Serves the routes of sources over a registry in memory, for one test. The consumer `stranger` does not exist. */
export async function serveSources() {
  const bus = createMemoryBus();
  const logger = recordingLogger();
  const audit = new MemoryAuditLog();
  const ring = keyRing(aKeyRing());
  const metrics = createMetrics(metricsCatalogue, { service: 'subscription', nodeMetrics: false }).handles;
  const store = new MemoryDocumentStore(sourceKind);
  const topic = kafkaDocumentTopic(sourceKind, await bus.producer());
  const documents = documentsOf(
    { kind: sourceKind, store, topic, topicVersions: new TopicVersions(), copyVersions: new TopicVersions() },
    { audit, clock: systemClock, logger, metrics, waitMs: 1_000, presence: knownPresence() },
  );
  const workspaces = {
    rulesOf: async () => ({ allowHttp: true, maxSubscriptions: 10 }),
    consumerFault: async ({ consumerId }: Readonly<{ consumerId: string }>) =>
      consumerId === 'stranger' ? 'is a stranger' : null,
    ensureConsumer: async () => {},
  };
  const { url } = await serveRoutes(
    sourceRoutes({ ...documents, ring, workspaces, secretOverlapMs: 600_000 }),
  );
  return {
    ...{ documents, store, audit, logger, ring },
    call: callerOf<SourceAnswer>(`${url}/v1/webhooks/sources`, 'own'),
    published: () => bus.records(topics.sources).map((record) => decodeSource(record)),
  };
}
