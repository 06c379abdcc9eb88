import { decodeEventType, type EventTypeRecord, topics, workspaceId } from '@tidings/contracts';
import { createMemoryBus } from '@tidings/kafka/testing';
import { createMetrics } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { systemClock } from '@tidings/runtime';
import { fakeClock } from '@tidings/runtime/testing';
import { eventTypeRoutes } from '../../src/event-types/adapters/event-type-routes.ts';
import { eventTypeKind } from '../../src/event-types/event-type-kind.ts';
import { metricsCatalogue } from '../../src/metrics.ts';
import { kafkaDocumentTopic } from '../../src/registry/adapters/kafka-document-topic.ts';
import { documentsOf } from '../../src/registry/documents.ts';
import { TopicVersions } from '../../src/registry/domain/topic-versions.ts';
import { callerOf } from '../registry-api.ts';
import { knownPresence } from './known-presence.ts';
import { MemoryAuditLog } from './memory-audit-log.ts';
import { MemoryDocumentStore } from './memory-document-store.ts';
import { serveRoutes } from './serve-routes.ts';

type CatalogueBody = Readonly<Record<string, unknown>>;

/** Creates a caller of the catalogue: `call('POST', '', { body })`. */
export const catalogueCaller = (url: string, defaultKey: string) =>
  callerOf<CatalogueBody>(`${url}/v1/webhooks/event-types`, defaultKey);

/** Returns the pointers of a problem's faults. */
export const faultPointers = ({ body }: Readonly<{ body: CatalogueBody }>): readonly string[] =>
  ((body['errors'] ?? []) as readonly Readonly<{ pointer: string }>[]).map(({ pointer }) => pointer);

/** Opens the event types of the registry in memory. */
export async function openInMemoryCatalogue() {
  const bus = createMemoryBus({ clock: fakeClock() });
  const metrics = createMetrics(metricsCatalogue, { service: 'subscription', nodeMetrics: false });
  const audit = new MemoryAuditLog();
  const producer = await bus.producer();
  const documents = documentsOf(
    {
      kind: eventTypeKind,
      store: new MemoryDocumentStore(eventTypeKind),
      topic: kafkaDocumentTopic(eventTypeKind, producer),
      topicVersions: new TopicVersions(),
      copyVersions: new TopicVersions(),
    },
    {
      audit,
      clock: systemClock,
      logger: recordingLogger(),
      metrics: metrics.handles,
      waitMs: 1_000,
      presence: knownPresence(),
    },
  );
  const records = (): readonly EventTypeRecord[] =>
    bus.records(topics.eventTypes).map((record) => decodeEventType(record));
  return { documents, audit, bus, records, own: workspaceId('ws_own') };
}

/** Serves the routes of the in-memory catalogue, on a real socket, for one test. */
export async function serveCatalogue() {
  const catalogue = await openInMemoryCatalogue();
  const { url } = await serveRoutes(eventTypeRoutes(catalogue.documents));
  return { ...catalogue, call: catalogueCaller(url, 'own') };
}

/** Schema of the data of an order event. */
export const orderSchema = {
  type: 'object',
  properties: { id: { type: 'string' }, total: { type: 'integer' } },
  required: ['id', 'total'],
};

/** Body of an event type with schema and example. */
export const orderPaid = {
  name: 'order.paid',
  group: 'orders',
  schema: orderSchema,
  example: { id: 'o1', total: 7 },
};
