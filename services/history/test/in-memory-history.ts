import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AttemptRecorded,
  type DeliveryDeadLettered,
  decodeDeadLetterFact,
  decodeDelivery,
  encodeAttempt,
  encodeDeadLetter,
  encodeSubscription,
  type SubscriptionRecord,
  topics,
} from '@tidings/contracts';
import { MemoryIdempotencyStore } from '@tidings/http/testing';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { createServiceContext } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { loadConfig } from '@tidings/runtime';
import { eventually, publishTestKey, untilKeysLoaded } from '@tidings/testing';
import { anAttemptRecord, aSubscriptionRecord } from '@tidings/testing/messages';
import { expect } from 'vitest';
import { configSpec } from '../src/config.ts';
import { metricsCatalogue } from '../src/metrics.ts';
import { startHistory } from '../src/service.ts';
import { createMemoryAuditStore } from './audit/memory-audit-store.ts';
import { testSealingKeys } from './builders.ts';
import { aCommandState, aDeadLetter } from './dead-letters/dead-letter-builders.ts';
import { createMemoryDeadLetterStore } from './dead-letters/memory-dead-letter-store.ts';
import { createMemoryDeliveryStore } from './deliveries/memory-delivery-store.ts';
import { createMemoryEventStore } from './events/memory-event-store.ts';
import { createMemoryJobStore } from './jobs/memory-job-store.ts';
import { createMemoryReceivedStore } from './received/memory-received-store.ts';
import { createMemoryRetryStore } from './retries/memory-retry-store.ts';
import { createMemoryRunStore } from './runs/memory-run-store.ts';
import { createMemoryStatisticsStore } from './statistics/memory-statistics-store.ts';

const adminKey = 'an-admin-key-for-tests';
/** A key of the consumer `acme`. */
export const acmeKey = 'a-key-of-acme-for-tests';
const cleanUps: (() => Promise<void>)[] = [];

/** Stops every service that a test has started. */
export const stopAll = async (): Promise<void> => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
};

/** The state that outlives a service. */
export type Backing = Readonly<{
  bus: MemoryBus;
  deliveries: ReturnType<typeof createMemoryDeliveryStore>;
  events: ReturnType<typeof createMemoryEventStore>;
  deadLetters: ReturnType<typeof createMemoryDeadLetterStore>;
  audit: ReturnType<typeof createMemoryAuditStore>;
  received: ReturnType<typeof createMemoryReceivedStore>;
  jobs: ReturnType<typeof createMemoryJobStore>;
  retries: ReturnType<typeof createMemoryRetryStore>;
  keys: MemoryIdempotencyStore;
  statistics: ReturnType<typeof createMemoryStatisticsStore>;
  runs: ReturnType<typeof createMemoryRunStore>;
}>;

/** Returns an empty bus and empty stores. */
export const newBacking = (): Backing => ({
  bus: createMemoryBus(),
  deliveries: createMemoryDeliveryStore(),
  events: createMemoryEventStore(),
  deadLetters: createMemoryDeadLetterStore(),
  audit: createMemoryAuditStore(),
  received: createMemoryReceivedStore(),
  jobs: createMemoryJobStore(),
  retries: createMemoryRetryStore(),
  keys: new MemoryIdempotencyStore(),
  statistics: createMemoryStatisticsStore(),
  runs: createMemoryRunStore(),
});

/** Returns the body of the dead letter of event `n`. */
export const bodyOf = (n: number): Buffer => Buffer.from(`{"n":${n}}`);

type Call = Readonly<{ body?: object | undefined; key?: string; headers?: Record<string, string> }>;

/** Starts the service on a bus and stores that outlive it. */
export const startHere = async (backing: Backing = newBacking(), env: Record<string, string> = {}) => {
  const { bus, ...stores } = backing;
  const objects = join(tmpdir(), `tidings-objects-${randomUUID()}`);
  cleanUps.push(async () => rm(objects, { recursive: true, force: true }));
  const config = loadConfig(configSpec, {
    KAFKA_BROKERS: 'memory:1',
    MONGODB_URI: 'mongodb://memory',
    SEALING_KEYS: testSealingKeys,
    OBJECT_STORAGE_FOLDER: objects,
    HISTORY_BATCH_INTERVAL: '1ms',
    ...env,
  });
  const logger = recordingLogger();
  const context = createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'history',
    config,
    catalogue: metricsCatalogue,
    logger,
  });
  const openBus = async () => ({ ...bus, close: async () => {} });
  const producer = await bus.producer();
  await publishTestKey(producer, { key: adminKey, id: 'key_admin', workspaceId: 'ws_demo' });
  const scopes = ['deliveries:read', 'deliveries:write'] as const;
  await publishTestKey(producer, { key: acmeKey, workspaceId: 'ws_demo', consumerId: 'acme', scopes });
  const { url } = await startHistory(context, {
    openBus,
    openStores: () => stores,
  });
  const stop = async () => context.resources.close(5_000);
  cleanUps.push(stop);
  await untilKeysLoaded(url);
  const callAt = async (
    target: string,
    method: string,
    { body, key = adminKey, headers = {} }: Call = {},
  ) => {
    const response = await fetch(`${url}${target}`, {
      method,
      // A service that stops waits for connections that may be about to send another request.
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        connection: 'close',
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const read = (await response.json()) as Record<string, unknown>;
    return { status: response.status, replayed: response.headers.get('idempotency-replayed'), body: read };
  };
  const call = async (method: string, below: string, body?: object) =>
    callAt(`/v1/webhooks/dead-letters${below}`, method, { body });
  /** With a key of the consumer `acme`. */
  const callAsAcme = async (method: string, below: string) =>
    callAt(`/v1/webhooks/dead-letters${below}`, method, { key: acmeKey });
  const callJobs = async (method: string, below: string) => callAt(`/v1/webhooks/jobs${below}`, method);
  return { ...backing, url, stop, logger, callAt, call, callAsAcme, callJobs, ...producing(backing) };
};

/** Returns functions that produce records from outside the service. */
export const producing = ({ bus, deadLetters }: Backing) => {
  const publish = async (record: Parameters<Awaited<ReturnType<typeof bus.producer>>['publish']>[0]) => {
    const producer = await bus.producer();
    await producer.publish(record);
  };
  const subscribe = async (subscription: Partial<SubscriptionRecord> = {}) =>
    publish({ topic: topics.subscriptions, ...encodeSubscription(aSubscriptionRecord(subscription)) });
  const deadLetter = async (
    n: number,
    over: Partial<DeliveryDeadLettered['state']> = {},
    reason?: DeliveryDeadLettered['reason'],
  ) => {
    const deadLetter = aDeadLetter(aCommandState(n, over), reason);
    await publish({ topic: topics.deadLetters, ...encodeDeadLetter(deadLetter, bodyOf(n), null) });
    return deadLetter;
  };
  const attempt = async (over: Partial<AttemptRecorded>, n = 1) =>
    publish({ topic: topics.attempts, ...encodeAttempt(anAttemptRecord(n, over), null) });
  const sent = () => bus.records(topics.deliveries).map((record) => decodeDelivery(record));
  const stored = async (count: number) =>
    eventually(() => {
      expect(deadLetters.all()).toHaveLength(count);
    });
  const settled = () =>
    bus
      .records(topics.deadLetters)
      .map((record) => decodeDeadLetterFact(record))
      .flatMap((event) => ('deadLetter' in event ? [] : [event]));
  return { publish, subscribe, deadLetter, attempt, sent, stored, settled };
};

/** Waits for the end of a job. */
export const isDone = async (service: Awaited<ReturnType<typeof startHere>>, id: unknown) =>
  eventually(async () => {
    const { body } = await service.callJobs('GET', `/${String(id)}`);
    expect(body).toMatchObject({ state: 'done', progress: { percent: 100 } });
    return body;
  });
