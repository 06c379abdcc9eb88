import { randomBytes } from 'node:crypto';
import {
  type CompletedRequest,
  decodeSubscription,
  type SubscriptionId,
  type SubscriptionRecord,
  topics,
} from '@tidings/contracts';
import type { Table } from '@tidings/kafka';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { createMetrics } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { AppError, keyRing } from '@tidings/runtime';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { answered } from '@tidings/testing/messages';
import type { ConsumerRef } from '../../src/access/domain/consumer.ts';
import { readHealth } from '../../src/endpoint-health/read-health.ts';
import { metricsCatalogue } from '../../src/metrics.ts';
import {
  kafkaDocumentTopic,
  readBack,
  readCopiesBack,
} from '../../src/registry/adapters/kafka-document-topic.ts';
import { documentsOf } from '../../src/registry/documents.ts';
import { TopicVersions } from '../../src/registry/domain/topic-versions.ts';
import type { DocumentTopic } from '../../src/registry/ports.ts';
import type { Subscription } from '../../src/subscriptions/domain/subscription.ts';
import { SecretFactory } from '../../src/subscriptions/secret-factory.ts';
import { subscriptionKind } from '../../src/subscriptions/subscription-kind.ts';
import { knownPresence } from './known-presence.ts';
import { MemoryAuditLog } from './memory-audit-log.ts';
import { MemoryDocumentStore } from './memory-document-store.ts';
import { MemoryHealthStore } from './memory-health-store.ts';

/** Creates a sealing key ring that no other test uses. */
export const aKeyRing = (): string => `k1:${randomBytes(32).toString('base64')}`;

/** A topic that can be set to fail before or after its records are written. */
type FaultyTopic = DocumentTopic<Subscription> & { fail: 'never' | 'before' | 'after' };

function faulty(topic: DocumentTopic<Subscription>): FaultyTopic {
  const through = async (write: () => Promise<void>): Promise<void> => {
    if (wrapped.fail === 'before') throw new AppError({ code: 'unavailable', message: 'no brokers' });
    await write();
    if (wrapped.fail === 'after') throw new AppError({ code: 'unavailable', message: 'no answer' });
  };
  const wrapped: FaultyTopic = {
    fail: 'never',
    publish: async (entity) => through(async () => topic.publish(entity)),
    publishCopy: async (entity) => through(async () => topic.publishCopy(entity)),
    publishTombstone: async (id) => through(async () => topic.publishTombstone(id)),
  };
  return wrapped;
}

/** The parts of the registry in memory, with a fake clock. */
export type InMemoryRegistry = Awaited<ReturnType<typeof openInMemoryRegistry>>;

/** Returns the records on the topic, in order of the single partition; tombstones are null. */
export const publishedOn = (bus: MemoryBus): readonly (SubscriptionRecord | null)[] =>
  bus
    .records(topics.subscriptions)
    .map((record) => (record.value === null ? null : decodeSubscription(record)));

/** Opens the parts. `superseded` collects the versions that the topic reader reports as superseded. */
export async function openInMemoryRegistry(clock: FakeClock = fakeClock()) {
  const bus = createMemoryBus({ clock });
  const logger = recordingLogger();
  const metrics = createMetrics(metricsCatalogue, { service: 'subscription', nodeMetrics: false });
  const producer = await bus.producer();
  const endpointHealth = new MemoryHealthStore();
  const audit = new MemoryAuditLog();
  const superseded = new Set<string>();
  const usedConsumers: string[] = [];
  const kind = subscriptionKind;
  const topic = faulty(kafkaDocumentTopic(kind, producer));
  const topicVersions = new TopicVersions();
  const copyVersions = new TopicVersions();
  const store = new MemoryDocumentStore(kind);
  const onPurge = async (id: string): Promise<void> => endpointHealth.remove(id as SubscriptionId);
  const documents = documentsOf(
    { kind, store, topic, topicVersions, copyVersions, onPurge },
    { audit, clock, logger, metrics: metrics.handles, waitMs: 1_000, presence: knownPresence() },
  );
  const read = [{ kind, topicVersions, copyVersions, onSuperseded: (id: string) => superseded.add(id) }];
  const table: Table<null> = await readBack(bus, topics.subscriptions, read);
  await readCopiesBack(bus, read);
  return {
    ...documents,
    // Not read-only here: tests replace methods to make it fail.
    store,
    audit,
    clock,
    logger,
    topic,
    bus,
    endpointHealth,
    readHealth: readHealth(endpointHealth),
    superseded,
    table,
    secretFactory: new SecretFactory(keyRing(aKeyRing())),
    send: async (): Promise<CompletedRequest> => answered(204),
    producer,
    requestOrigin: 'tidings.example',
    onTestPending: () => {},
    workspaces: {
      rulesOf: async () => ({ allowHttp: true, maxSubscriptions: 10 }),
      consumerFault: async ({ consumerId }: ConsumerRef) =>
        consumerId === 'stranger' ? 'is a stranger' : null,
      ensureConsumer: async ({ consumerId }: ConsumerRef) => {
        usedConsumers.push(consumerId);
      },
    },
    catalogue: {
      faultsOf: async (_scope: unknown, events: readonly string[]) =>
        events.flatMap((name, index) =>
          name === 'nobody.knows' ? [{ pointer: `/events/${index}`, detail: 'is not registered' }] : [],
        ),
      typesOf: async () => null,
      onListed: () => {},
    },
    usedConsumers,
    secretOverlapMs: 600_000,
    checkEndpoint: async (url: string) => ({
      faults: url.includes('internal') ? ['is internal'] : [],
      warnings: url.includes('unresolved') ? ['has no address'] : [],
    }),
  };
}
