import {
  decodeEventTypeSeen,
  type EventTypePolicy,
  type EventTypeRecord,
  encodeEventType,
  topics,
  workspaceId,
} from '@tidings/contracts';
import type { OutgoingRecord } from '@tidings/kafka';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { createServiceContext } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { loadConfig } from '@tidings/runtime';
import { publishTestKey, untilKeysLoaded } from '@tidings/testing';
import { onTestFinished } from 'vitest';
import { configSpec } from '../src/config.ts';
import { metricsCatalogue } from '../src/metrics.ts';
import { startIngress } from '../src/service.ts';
import { type MemoryResponse, sealingKeys } from './memory-ingress.ts';

const adminKey = 'a-key-of-sixteen-characters';
/** The workspace of the key. */
export const demo = workspaceId('ws_demo');

/** Builds the record of an event type. */
export const anEventType = (over: Partial<EventTypeRecord> = {}): EventTypeRecord => ({
  type: 'EventTypeChanged.v1',
  workspaceId: demo,
  name: 'order.paid',
  version: 1,
  state: 'active',
  mode: 'enforce',
  audience: 'broadcast',
  schema: {
    version: 1,
    schema: { type: 'object', properties: { total: { type: 'integer' } }, required: ['total'] },
  },
  deprecatedAtMs: null,
  sunsetAtMs: null,
  ...over,
});

/** Starts ingress over a memory bus that has these event types. */
export const startWithTypes = async (
  given: readonly EventTypeRecord[] = [],
  bus: MemoryBus = createMemoryBus(),
  { policy = 'open', env = {} }: { policy?: EventTypePolicy; env?: Record<string, string> } = {},
) => {
  const producer = await bus.producer();
  const write = async (record: Omit<OutgoingRecord, 'topic'>) =>
    producer.publish({ topic: topics.eventTypes, ...record });
  const register = async (eventType: EventTypeRecord) => write(encodeEventType(eventType));
  for (const eventType of given) await register(eventType);
  const logger = recordingLogger();
  const context = createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'ingress',
    config: loadConfig(configSpec, {
      KAFKA_BROKERS: 'localhost:1',
      SEALING_KEYS: sealingKeys,
      ...env,
    }),
    catalogue: metricsCatalogue,
    logger,
  });
  await publishTestKey(producer, { key: adminKey, workspaceId: demo, policy });
  const { url } = await startIngress(context, async () => bus);
  onTestFinished(async () => context.resources.close(5_000));
  await untilKeysLoaded(url);
  const post = async (body: object | string, path = '/v1/events'): Promise<MemoryResponse> => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as never };
  };
  const metric = async (name: string) => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return text.split('\n').filter((line) => line.startsWith(name));
  };
  const seen = () => bus.records(topics.seenEventTypes).map((record) => decodeEventTypeSeen(record).name);
  return {
    url,
    post,
    register,
    write,
    metric,
    logger,
    seen,
    accepted: () => bus.records(topics.events).length,
  };
};

/** An event whose data violate the schema of {@link anEventType}. */
export const wrong = { type: 'order.paid', data: { total: 'much' } };
/** An event whose data match the schema of {@link anEventType}. */
export const right = { type: 'order.paid', data: { total: 7 } };
