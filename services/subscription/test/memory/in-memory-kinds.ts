import { newSourceId, workspaceId } from '@tidings/contracts';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { createMetrics } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { fakeClock } from '@tidings/runtime/testing';
import { beginKey } from '../../src/access/domain/api-key.ts';
import { beginConsumer } from '../../src/access/domain/consumer.ts';
import { beginTokenKey } from '../../src/access/domain/token-key.ts';
import { beginWorkspace, defaultRules } from '../../src/access/domain/workspace.ts';
import { begin, defaultSettings } from '../../src/event-types/domain/event-type.ts';
import { documentKinds } from '../../src/maintenance/document-kinds.ts';
import { metricsCatalogue } from '../../src/metrics.ts';
import { kafkaDocumentTopic } from '../../src/registry/adapters/kafka-document-topic.ts';
import { readTopics } from '../../src/registry/adapters/open-registry.ts';
import { type Documents, documentsOf } from '../../src/registry/documents.ts';
import { TopicVersions } from '../../src/registry/domain/topic-versions.ts';
import type { Versioned } from '../../src/registry/domain/versioned.ts';
import { beginSource } from '../../src/sources/domain/source.ts';
import { acme, aSubscription } from '../a-subscription.ts';
import { knownPresence } from './known-presence.ts';
import { MemoryAuditLog } from './memory-audit-log.ts';
import { MemoryDocumentStore } from './memory-document-store.ts';

const own = workspaceId('ws_own');
const nowMs = 1_700_000_000_000;
const sealed = 'v1.k1.iv.tag.data';

/** Returns version 1 of one document of each kind, with what only the registry knows of it. */
export const oneOfEachKind = (): ReadonlyMap<string, Versioned> => {
  const scheme = { accent: '#123456', bar: null };
  const portal = { name: 'Shop', logo: null, light: scheme, dark: scheme, origins: [], refresh_url: null };
  const grant = { name: 'the shop', consumerId: null, scopes: ['events:write'] as const };
  const limits = { expiresAtMs: null, requestsPerSecond: null, spool: false, maxPayloadBytes: null };
  const hash = 'a'.repeat(64);
  const options = { workspaceId: own, nowMs };
  const documents: Record<string, Versioned> = {
    subscription: aSubscription({
      isTestPending: true,
      settings: { description: 'of the partner', secretHeaders: [{ name: 'authorization', sealed }] },
    }),
    event_type: begin(
      {
        ...{ workspaceId: own, name: 'order.paid', origin: 'registered', state: 'active', activeSchema: 2 },
        settings: { ...defaultSettings, description: 'an order', exampleJson: '{"total":1}' },
        schemas: [
          { version: 1, schemaJson: '{"type":"object"}' },
          { version: 2, schemaJson: '{"type":"object","title":"second"}' },
        ],
      },
      nowMs,
    ),
    workspace: beginWorkspace(own, { ...defaultRules, name: 'Shop', portal }, nowMs),
    consumer: beginConsumer(
      { workspaceId: own, consumerId: acme },
      { name: 'Acme', contact: 'ops@acme.example' },
      nowMs,
    ),
    'api-key': beginKey({
      ...{ ...options, id: 'key_1', hash, prefix: 'tdk_1234', isBootstrap: false, createdBy: 'key_0' },
      grant: { ...grant, ...limits },
    }),
    'token-key': beginTokenKey(
      { workspaceId: own, number: 1 },
      { publicX: 'x', sealedPrivate: sealed },
      nowMs,
    ),
    source: beginSource({
      ...options,
      id: newSourceId(nowMs),
      provider: 'github',
      settings: {
        ...{ name: 'Our repositories', audience: 'internal', consumerId: null },
        ...{ options: {}, spool: null, maxPayloadBytes: null },
      },
      secrets: [{ id: 'sec_1', sealed, createdAtMs: nowMs, expiresAtMs: null }],
    }),
  };
  return new Map(Object.entries(documents));
};

/** The registry with all kinds, on empty stores and a bus that may have the topics of another one. */
export type InMemoryKinds = Awaited<ReturnType<typeof openInMemoryKinds>>;

/** Opens the registry with all kinds. Without a bus, its topics are empty too. */
export async function openInMemoryKinds(given?: MemoryBus, presence = knownPresence()) {
  const clock = fakeClock();
  const bus = given ?? createMemoryBus({ clock });
  const producer = await bus.producer();
  const audit = new MemoryAuditLog();
  const logger = recordingLogger();
  const metrics = createMetrics(metricsCatalogue, { service: 'subscription', nodeMetrics: false }).handles;
  const parts = { audit, clock, logger, metrics, waitMs: 1_000, presence };
  const kinds = documentKinds.map(({ kind }) => {
    const store = new MemoryDocumentStore(kind);
    const versions = { topicVersions: new TopicVersions(), copyVersions: new TopicVersions() };
    return documentsOf({ kind, store, topic: kafkaDocumentTopic(kind, producer), ...versions }, parts);
  });
  const tables = await readTopics(bus, kinds, () => {});
  await Promise.all(tables.map(async (table) => table.ready()));
  const of = (name: string): Documents<Versioned> => {
    const found = kinds.find(({ kind }) => kind.name === name);
    if (found === undefined) throw new Error(`there is no kind ${name}`);
    return found;
  };
  return { bus, producer, audit, clock, logger, kinds, of };
}
