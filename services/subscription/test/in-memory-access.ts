import { type AccessRecord, decodeAccess, topics } from '@tidings/contracts';
import { createApp, listen, mountRoutes } from '@tidings/http';
import { createMemoryBus } from '@tidings/kafka';
import { createMetrics, recordingLogger, silentLogger } from '@tidings/observability';
import { Health, keyRing, systemClock } from '@tidings/runtime';
import { onTestFinished } from 'vitest';
import { consumerKind, workspaceKind } from '../src/access/access-kinds.ts';
import { consumerRoutes } from '../src/access/adapters/consumer-routes.ts';
import { workspaceRoutes } from '../src/access/adapters/workspace-routes.ts';
import { metricsCatalogue } from '../src/metrics.ts';
import { auditRoutes } from '../src/registry/adapters/audit-routes.ts';
import { kafkaDocumentTopic } from '../src/registry/adapters/kafka-document-topic.ts';
import { MemoryAuditLog } from '../src/registry/adapters/memory-audit-log.ts';
import { MemoryDocumentStore } from '../src/registry/adapters/memory-document-store.ts';
import type { DocumentKind } from '../src/registry/document-kind.ts';
import { documentsOf } from '../src/registry/documents.ts';
import { LandedVersions } from '../src/registry/domain/landed-versions.ts';
import type { Versioned } from '../src/registry/domain/versioned.ts';
import { aKeyRing } from './in-memory-registry.ts';
import { principals } from './registry-api.ts';

type Call = Readonly<{ key?: string; body?: unknown; headers?: Record<string, string> }>;

/** An answer below `/v1/webhooks`. */
type AccessAnswer = Readonly<{
  status: number;
  headers: Headers;
  body: Readonly<Record<string, unknown>>;
}>;

/** A caller of everything below `/v1/webhooks`: `call('POST', 'consumers', { body })`. */
export function accessCaller(url: string, defaultKey: string) {
  return async (
    method: string,
    below: string,
    { key = defaultKey, body, headers }: Call = {},
  ): Promise<AccessAnswer> => {
    const response = await fetch(`${url}/v1/webhooks/${below}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const read: unknown = JSON.parse(await response.text());
    return { status: response.status, headers: response.headers, body: read as AccessAnswer['body'] };
  };
}

/** Routes of consumers, workspaces and the audit log over memory, on a real socket, for one test. */
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
  };
  const open = <T extends Versioned>(kind: DocumentKind<T>) => {
    const store = new MemoryDocumentStore(kind);
    return documentsOf(
      { kind, store, topic: kafkaDocumentTopic(kind, producer), landed: new LandedVersions() },
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
  const app = createApp({
    service: 'subscription',
    logger: silentLogger,
    metrics: createMetrics({}, { service: 'subscription', nodeMetrics: false }),
    health: new Health(),
    routes: (router) => mountRoutes(router, routes, { authenticate: (token) => principals[token] ?? null }),
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, logger: silentLogger });
  onTestFinished(async () => server.close(1_000));
  const records = (): readonly AccessRecord[] =>
    bus.records(topics.access).map((record) => decodeAccess(record));
  return { call: accessCaller(server.url, 'own'), records, ring };
}
