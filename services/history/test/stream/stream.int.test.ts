import { randomUUID } from 'node:crypto';
import {
  allTopics,
  encodeAttempt,
  encodeEvent,
  newEventId,
  subscriptionId,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { type Bus, connectKafka, ensureTopics } from '@tidings/kafka';
import { createMetrics, silentLogger } from '@tidings/observability';
import { systemClock } from '@tidings/runtime';
import { eventually, sharedBrokers } from '@tidings/testing';
import { anAttemptRecord } from '@tidings/testing/messages';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { metricsCatalogue } from '../../src/metrics.ts';
import { decodeStreamId } from '../../src/stream/domain/stream-id.ts';
import { LiveStreams } from '../../src/stream/live-streams.ts';
import { aFailure, nothingErased, outcomes } from '../builders.ts';
import { MemorySink } from './memory-sink.ts';

const workspace = workspaceId(`ws_${randomUUID().slice(0, 8)}`);
const filter = { kinds: [], types: [], statuses: [], subscriptionId: null, consumerId: null };
let bus: Bus;
const opened: LiveStreams[] = [];

beforeAll(async () => {
  const brokers = sharedBrokers();
  await ensureTopics({ brokers, replicationFactor: 1, topics: allTopics, logger: silentLogger });
  bus = await connectKafka({ brokers, clientId: 'stream-test', logger: silentLogger });
});

afterAll(async () => {
  await Promise.all(opened.map((streams) => streams.close()));
  await bus.close();
});

const instance = (): LiveStreams => {
  const { handles } = createMetrics(metricsCatalogue, { service: 'history', nodeMetrics: false });
  const streams = new LiveStreams({
    bus,
    erasures: nothingErased,
    clock: systemClock,
    logger: silentLogger,
    metrics: handles,
    maxStreams: 100,
  });
  opened.push(streams);
  return streams;
};

const open = async (at: LiveStreams, lastId?: string): Promise<MemorySink> => {
  const sink = new MemorySink();
  await at.open({
    selection: { scope: { workspaceId: workspace, ownerId: null }, filter },
    ...{ caller: 'key_1', isAllowed: () => true, connect: async () => sink },
    resumeAt: lastId === undefined ? null : (decodeStreamId(lastId)?.position ?? null),
  });
  return sink;
};

it('sends every message once, in order per delivery, to a reader that reconnects all the time', async () => {
  const first = instance();
  const begin = await open(first);
  let lastId = begin.frames[0]?.id ?? '';
  begin.close();
  const [deliveries, attempts, events] = [12, 20, 10];
  const producer = await bus.producer();
  const ids = Array.from({ length: deliveries }, () => newEventId(Date.now()));
  const load = async (): Promise<void> => {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const records = ids.map((eventId, n) => {
        const over = { eventId, workspaceId: workspace, subscriptionId: subscriptionId(`sub_${n % 5}`) };
        const isLast = attempt === attempts;
        const base = anAttemptRecord(n, { ...over, attempt, outcome: outcomes.delivered });
        const one = isLast ? base : aFailure(n, attempt, { ...over, deliveryId: base.deliveryId });
        return { topic: topics.attempts, ...encodeAttempt(one, null) };
      });
      const published = Array.from({ length: events }, () => {
        const event = {
          ...{ id: newEventId(Date.now()), callerId: null, workspaceId: workspace, consumerId: null },
          ...{ eventType: 'order.paid', source: 's', time: '2026-11-22T10:00:00Z', orderingKey: null },
          ...{ traceparent: null, data: Buffer.from('{}') },
        };
        return { topic: topics.events, ...encodeEvent(event, { isRepeatable: true }) };
      });
      await producer.publishAll([...records, records[0], ...published].filter((one) => one !== undefined));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const loading = load();
  const expected = deliveries * (attempts + 2) + attempts * events;
  const seen: { key: string; delivery: string; attempt: number }[] = [];
  let streams = first;
  for (let round = 0; seen.length < expected && round < 60; round += 1) {
    // Every fourth time at an instance that has just started, which reads the log.
    if (round % 4 === 3) streams = instance();
    const sink = await open(streams, lastId);
    await new Promise((resolve) => setTimeout(resolve, 300));
    sink.close();
    expect(sink.frames.map(({ event }) => event)).not.toContain('gap');
    lastId = sink.frames.at(-1)?.id ?? lastId;
    for (const { data } of sink.messages) {
      const { kind, event_id: id, delivery_id: delivery = '', attempt = 0, status = '' } = data;
      const key = [kind, id, delivery, attempt, kind === 'state' ? status : ''].map(String).join(' ');
      seen.push({ key, delivery: String(delivery), attempt: Number(attempt) });
    }
  }
  await loading;
  await eventually(() => expect(new Set(seen.map(({ key }) => key)).size).toBe(expected));
  expect(seen).toHaveLength(expected);
  for (const { delivery } of seen.filter(({ attempt }) => attempt === 1)) {
    const ofDelivery = seen.filter((one) => one.delivery === delivery && one.attempt > 0);
    expect(ofDelivery.map(({ attempt }) => attempt)).toEqual(
      Array.from({ length: attempts }, (_, index) => index + 1),
    );
  }
});
