import { decodeEventType, type EventTypeRecord, topics, workspaceId } from '@tidings/contracts';
import { createApp, listen, mountRoutes } from '@tidings/http';
import { createMemoryBus } from '@tidings/kafka';
import { createMetrics, recordingLogger, silentLogger } from '@tidings/observability';
import { fakeClock, Health, systemClock } from '@tidings/runtime';
import { onTestFinished } from 'vitest';
import { eventTypeRoutes } from '../src/event-types/adapters/event-type-routes.ts';
import { eventTypeKind } from '../src/event-types/event-type-kind.ts';
import { metricsCatalogue } from '../src/metrics.ts';
import { kafkaDocumentTopic } from '../src/registry/adapters/kafka-document-topic.ts';
import { MemoryAuditLog } from '../src/registry/adapters/memory-audit-log.ts';
import { MemoryDocumentStore } from '../src/registry/adapters/memory-document-store.ts';
import { documentsOf } from '../src/registry/documents.ts';
import { LandedVersions } from '../src/registry/domain/landed-versions.ts';
import { principals } from './registry-api.ts';

/** An answer of the catalogue. */
export type CatalogueAnswer = Readonly<{
  status: number;
  headers: Headers;
  body: Readonly<Record<string, unknown>>;
}>;

type Call = Readonly<{ key?: string; body?: unknown; headers?: Record<string, string> }>;

/** A caller of the catalogue: `call('POST', '', { body })`. */
export function catalogueCaller(url: string, defaultKey: string) {
  return async (
    method: string,
    below: string,
    { key = defaultKey, body, headers }: Call = {},
  ): Promise<CatalogueAnswer> => {
    const response = await fetch(`${url}/v1/webhooks/event-types${below}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const read: unknown = JSON.parse(await response.text());
    return {
      status: response.status,
      headers: response.headers,
      body: read as CatalogueAnswer['body'],
    };
  };
}

/** The faults of a problem, as pointers. */
export const faultPointers = ({ body }: CatalogueAnswer): readonly string[] =>
  ((body['errors'] ?? []) as readonly Readonly<{ pointer: string }>[]).map(({ pointer }) => pointer);

/** The event types of the registry over memory. */
async function openInMemoryCatalogue() {
  const bus = createMemoryBus({ clock: fakeClock() });
  const metrics = createMetrics(metricsCatalogue, { service: 'subscription', nodeMetrics: false });
  const audit = new MemoryAuditLog();
  const producer = await bus.producer();
  const documents = documentsOf(
    {
      kind: eventTypeKind,
      store: new MemoryDocumentStore(eventTypeKind),
      topic: kafkaDocumentTopic(eventTypeKind, producer),
      landed: new LandedVersions(),
    },
    {
      audit,
      clock: systemClock,
      logger: recordingLogger(),
      metrics: metrics.handles,
      waitMs: 1_000,
    },
  );
  const records = (): readonly EventTypeRecord[] =>
    bus.records(topics.eventTypes).map((record) => decodeEventType(record));
  return { documents, audit, bus, records, own: workspaceId('ws_own') };
}

/** The routes of the catalogue over memory, on a real socket, for one test. */
export async function serveCatalogue() {
  const catalogue = await openInMemoryCatalogue();
  const app = createApp({
    service: 'subscription',
    logger: silentLogger,
    metrics: createMetrics({}, { service: 'subscription', nodeMetrics: false }),
    health: new Health(),
    routes: (router) =>
      mountRoutes(router, eventTypeRoutes(catalogue.documents), {
        authenticate: (token) => principals[token] ?? null,
      }),
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, logger: silentLogger });
  onTestFinished(async () => server.close(1_000));
  return { ...catalogue, call: catalogueCaller(server.url, 'own') };
}
