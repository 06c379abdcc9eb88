import { encodeEvent, eventId, topics, workspaceId } from '@tidings/contracts';
import type { Bus } from '@tidings/kafka';
import { createMemoryBus } from '@tidings/kafka/testing';
import { createMetrics } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { fakeClock } from '@tidings/runtime/testing';
import { metricsCatalogue } from '../../src/metrics.ts';
import type { StreamFilter } from '../../src/stream/domain/stream-filter.ts';
import { decodeStreamId } from '../../src/stream/domain/stream-id.ts';
import { LiveStreams } from '../../src/stream/live-streams.ts';
import { nothingErased } from '../builders.ts';
import { MemorySink } from './memory-sink.ts';

/** The filter that leaves nothing out. */
export const everything: StreamFilter = {
  kinds: [],
  types: [],
  statuses: [],
  subscriptionId: null,
  consumerId: null,
};
/** The scope of the readers. */
export const scope = { workspaceId: workspaceId('ws_demo'), ownerId: null };

/** Returns the record of an event that has this number in its id. */
export const eventOf = (n: number, over: Partial<Parameters<typeof encodeEvent>[0]> = {}) => {
  const event = {
    ...{ id: eventId(`evt_${n.toString(16).padStart(32, '0')}`), callerId: null, consumerId: null },
    ...{ workspaceId: workspaceId('ws_demo'), eventType: 'order.paid', source: 's', orderingKey: 'same' },
    ...{ time: '2026-11-22T10:00:00Z', traceparent: null, data: Buffer.from('{}'), ...over },
  };
  return { topic: topics.events, ...encodeEvent(event, { isRepeatable: true }) };
};

/** Opens the streams of one instance, or of several, on a bus in memory. */
export const setUp = async (
  options: Readonly<{ maxStreams?: number; change?: (bus: Bus) => Partial<Bus> }> = {},
) => {
  const memory = createMemoryBus();
  const bus = { ...memory, ...options.change?.(memory) };
  const clock = fakeClock();
  const { handles } = createMetrics(metricsCatalogue, { service: 'history', nodeMetrics: false });
  const instance = () =>
    new LiveStreams({
      ...{ bus, erasures: nothingErased, clock, metrics: handles, logger: recordingLogger() },
      maxStreams: options.maxStreams ?? 100,
    });
  const streams = instance();
  const producer = await memory.producer();
  let isAllowed = true;
  const open = async (
    given: Readonly<{
      lastId?: string;
      filter?: Partial<StreamFilter>;
      caller?: string;
      at?: LiveStreams;
    }> = {},
  ) => {
    const sink = new MemorySink();
    const decoded = given.lastId === undefined ? null : decodeStreamId(given.lastId);
    await (given.at ?? streams).open({
      selection: { scope, filter: { ...everything, ...given.filter } },
      caller: given.caller ?? 'key_1',
      resumeAt: decoded?.position ?? null,
      isAllowed: () => isAllowed,
      connect: async () => sink,
    });
    return sink;
  };
  const publish = async (from: number, until: number) => {
    const numbers = Array.from({ length: until - from }, (_, index) => from + index);
    await producer.publishAll(numbers.map((n) => eventOf(n)));
  };
  const revoke = () => {
    isAllowed = false;
  };
  return { memory, clock, streams, instance, producer, open, publish, revoke };
};

/** Returns the numbers of the events that a reader has received. */
export const numbersOf = (sink: MemorySink) =>
  sink.messages.map(({ data }) => Number.parseInt(String(data['event_id']).slice(4), 16));
/** Returns the numbers from the first to before the second. */
export const range = (from: number, until: number) =>
  Array.from({ length: until - from }, (_, index) => from + index);
