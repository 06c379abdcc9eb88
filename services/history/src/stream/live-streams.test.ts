import {
  consumerId,
  encodeAttempt,
  encodeEvent,
  eventId,
  subscriptionId,
  topics,
  workspaceId,
} from '@tidings/contracts';
import type { Bus } from '@tidings/kafka';
import { createMemoryBus } from '@tidings/kafka/testing';
import { createMetrics } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { fakeClock } from '@tidings/runtime/testing';
import { eventually } from '@tidings/testing';
import { anAttemptRecord } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { aFailure, nothingErased, outcomes } from '../../test/builders.ts';
import { MemorySink } from '../../test/stream/memory-sink.ts';
import { metricsCatalogue } from '../metrics.ts';
import type { StreamFilter } from './domain/stream-filter.ts';
import { decodeStreamId, encodeStreamId } from './domain/stream-id.ts';
import { LiveStreams } from './live-streams.ts';

const everything: StreamFilter = {
  kinds: [],
  types: [],
  statuses: [],
  subscriptionId: null,
  consumerId: null,
};
const scope = { workspaceId: workspaceId('ws_demo'), ownerId: null };

const eventOf = (n: number, over: Partial<Parameters<typeof encodeEvent>[0]> = {}) => {
  const event = {
    ...{ id: eventId(`evt_${n.toString(16).padStart(32, '0')}`), callerId: null, consumerId: null },
    ...{ workspaceId: workspaceId('ws_demo'), eventType: 'order.paid', source: 's', orderingKey: 'same' },
    ...{ time: '2026-11-22T10:00:00Z', traceparent: null, data: Buffer.from('{}'), ...over },
  };
  return { topic: topics.events, ...encodeEvent(event, { isRepeatable: true }) };
};

const setUp = async (
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

const numbersOf = (sink: MemorySink) =>
  sink.messages.map(({ data }) => Number.parseInt(String(data['event_id']).slice(4), 16));
const range = (from: number, until: number) =>
  Array.from({ length: until - from }, (_, index) => from + index);

describe('resuming a stream', () => {
  it('goes on after the last id: from the ring, and from the log at another instance', async () => {
    const { open, publish, instance } = await setUp();
    const first = await open();
    await publish(0, 1_500);
    await eventually(() => expect(first.messages).toHaveLength(1_500));
    const lastId = first.messages[699]?.id as string;
    first.close();
    const same = await open({ lastId });
    await eventually(() => expect(numbersOf(same)).toEqual(range(700, 1_500)));
    const other = instance();
    const elsewhere = await open({ lastId, at: other });
    await publish(1_500, 1_600);
    await eventually(() => expect(numbersOf(elsewhere)).toEqual(range(700, 1_600)));
    expect(elsewhere.frames.map(({ event }) => event)).not.toContain('gap');
    // Any id that it has sent leads to the same rest.
    const again = await open({ lastId: elsewhere.messages[400]?.id as string });
    await eventually(() => expect(numbersOf(again)).toEqual(range(1_101, 1_600)));
    await other.close();
  });

  it('sends the second message of an attempt alone if the first one has arrived', async () => {
    const { open, producer, instance } = await setUp();
    const first = await open();
    await producer.publish({ topic: topics.attempts, ...encodeAttempt(aFailure(1, 1), null) });
    await eventually(() => expect(first.messages.map(({ event }) => event)).toEqual(['attempt', 'state']));
    const other = instance();
    for (const at of [undefined, other]) {
      const lastId = first.messages[0]?.id as string;
      const resumed = await open({ lastId, ...(at === undefined ? {} : { at }) });
      await eventually(() => expect(resumed.messages.map(({ event }) => event)).toEqual(['state']));
    }
    await other.close();
  });

  it('keeps the position of a reader that is ahead of this instance', async () => {
    const { open, publish, instance } = await setUp({
      // The follower of the second instance sees nothing of what comes.
      change: (bus) => ({
        follow: async (options) =>
          options.topics.length > 0 && followed++ > 0
            ? { ends: await bus.ends(options.topics), state: () => 'running', close: async () => {} }
            : bus.follow(options),
      }),
    });
    const first = await open();
    const other = instance();
    await open({ at: other });
    await publish(0, 10);
    await eventually(() => expect(first.messages).toHaveLength(10));
    const lastId = first.messages.at(-1)?.id as string;
    const behind = await open({ lastId, at: other });
    expect(behind.frames.map(({ event }) => event)).toEqual(['ready']);
    expect(decodeStreamId(behind.frames[0]?.id ?? '')?.position).toEqual(decodeStreamId(lastId)?.position);
    await other.close();
  });
  let followed = 0;

  it('does not repeat a record whose first occurrence lies before the last id', async () => {
    const { open, publish, producer, instance } = await setUp();
    const first = await open();
    await publish(0, 300);
    await eventually(() => expect(first.messages).toHaveLength(300));
    await producer.publish(eventOf(290));
    await publish(300, 600);
    const other = instance();
    const resumed = await open({ lastId: first.messages.at(-1)?.id as string, at: other });
    await eventually(() => expect(numbersOf(resumed)).toEqual(range(300, 600)));
    await other.close();
  });

  it.each([
    ['lies beyond the log', undefined],
    ['is older than the log', 500n],
  ])('announces a gap and goes on if the position %s', async (_case, lowOffset) => {
    const { open, publish, streams } = await setUp({
      change: (bus) => ({
        ends: async (of) =>
          (await bus.ends(of)).map((end) =>
            end.highOffset > 0n && lowOffset !== undefined ? { ...end, lowOffset } : end,
          ),
      }),
    });
    await publish(0, 1_000);
    const next = lowOffset === undefined ? 5_000 : 3;
    const position = [Array.from({ length: 12 }, () => next), []] as const;
    const lastId = encodeStreamId({ position: position as never, atMs: 0 });
    const sink = await open({ lastId });
    await eventually(() => expect(sink.frames.map(({ event }) => event)).toEqual(['ready', 'gap']));
    expect(sink.frames[1]?.data).toMatchObject({ deliveries: '/v1/webhooks/deliveries' });
    await publish(1_000, 1_010);
    await eventually(() => expect(numbersOf(sink)).toEqual(range(1_000, 1_010)));
    // The id of the gap is a position behind it.
    const after = await open({ lastId: sink.frames[1]?.id as string });
    await eventually(() => expect(numbersOf(after)).toEqual(range(1_000, 1_010)));
    await streams.close();
  });

  it('announces a gap instead of reading more of the log than a stream may', async () => {
    const { open, publish } = await setUp();
    await publish(0, 100_200);
    const lastId = encodeStreamId({ position: [[], []], atMs: 0 });
    const sink = await open({ lastId });
    await eventually(() => expect(sink.frames.map(({ event }) => event)).toEqual(['ready', 'gap']));
  });
});

describe('reconnecting all the time', () => {
  it('loses and repeats nothing, and keeps the order of each delivery, at two instances in turn', async () => {
    const { open, streams, instance, producer } = await setUp();
    const instances = [streams, instance()];
    const seen: { key: string; attempt: number }[] = [];
    const begin = await open();
    let lastId = begin.frames[0]?.id as string;
    const deliveries = 40;
    const attempts = 25;
    const load = async () => {
      for (let attempt = 1; attempt <= attempts; attempt += 1) {
        const records = range(0, deliveries).map((n) => {
          const over = { subscriptionId: subscriptionId(`sub_${n % 7}`), consumerId: consumerId('acme') };
          const isLast = attempt === attempts;
          return isLast
            ? anAttemptRecord(n, { ...over, attempt, outcome: outcomes.delivered })
            : aFailure(n, attempt, over);
        });
        const sent = records.map((one) => ({ topic: topics.attempts, ...encodeAttempt(one, null) }));
        // Every third record is written twice, as by a producer that repeats a send.
        await producer.publishAll(sent.flatMap((one, n) => (n % 3 === 0 ? [one, one] : [one])));
        await producer.publishAll(
          range(0, 40).map((n) => eventOf(attempt * 1_000 + n, { orderingKey: null })),
        );
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    const loading = load();
    const expected = deliveries * attempts + deliveries * 2 + attempts * 40;
    for (let round = 0; seen.length < expected && round < 2_000; round += 1) {
      const sink = await open({ lastId, at: instances[round % 2] as LiveStreams });
      await new Promise((resolve) => setTimeout(resolve, 15));
      sink.close();
      const frames = sink.frames;
      expect(frames.map(({ event }) => event)).not.toContain('gap');
      // A connection breaks anywhere: a part of what was sent arrives.
      const arrived = frames.slice(0, Math.max(1, frames.length - (round % 3)));
      lastId = arrived.at(-1)?.id ?? lastId;
      for (const { event, data } of arrived) {
        if (!['event', 'attempt', 'state'].includes(event)) continue;
        const key = `${event} ${String(data['event_id'])} ${String(data['attempt'] ?? data['status'] ?? '')}`;
        seen.push({ key: `${key} ${String(data['delivery_id'])}`, attempt: Number(data['attempt'] ?? 0) });
      }
    }
    await loading;
    expect(seen).toHaveLength(expected);
    expect(new Set(seen.map(({ key }) => key)).size).toBe(expected);
    for (const { key } of seen.filter(({ attempt }) => attempt === 1)) {
      const delivery = key.split(' ').at(-1) ?? '';
      const ofDelivery = seen.filter((one) => one.attempt > 0 && one.key.endsWith(delivery));
      expect(ofDelivery.map(({ attempt }) => attempt)).toEqual(range(1, attempts + 1));
    }
    await Promise.all(instances.map((one) => one.close()));
  });
});

describe('the life of a stream', () => {
  it('sends a heartbeat with an id after 15 s without a message', async () => {
    const { clock, open, publish } = await setUp();
    const sink = await open({ filter: { kinds: ['attempt'] } });
    await publish(0, 5);
    const watching = await open();
    await publish(5, 10);
    await eventually(() => expect(watching.messages).toHaveLength(5));
    await clock.advance(14_000);
    expect(sink.frames.map(({ event }) => event)).toEqual(['ready']);
    await clock.advance(2_000);
    expect(sink.frames.map(({ event }) => event)).toEqual(['ready', 'heartbeat']);
    // Its id lies behind what the reader does not want.
    const resumed = await open({ lastId: sink.frames[1]?.id as string });
    await publish(10, 11);
    await eventually(() => expect(numbersOf(resumed)).toEqual([10]));
  });

  it('ends within 5 s after its key may no longer read', async () => {
    const { clock, open, revoke } = await setUp();
    const sink = await open();
    revoke();
    await clock.advance(5_000);
    expect(sink.endedBy).toBe('revoked');
  });

  it('drops a reader with more than 1 MiB unsent, and no other', async () => {
    const { open, publish } = await setUp();
    const [slow, quick] = [await open(), await open()];
    slow.isStalled = true;
    await publish(0, 5_000);
    await eventually(() => expect(quick.messages).toHaveLength(5_000));
    expect(slow.endedBy).toBe('slow-reader');
    expect(quick.endedBy).toBeUndefined();
  });

  it('waits for a slow reader that catches up, and drops it if it never reads', async () => {
    const { open, publish, instance } = await setUp();
    const first = await open();
    await publish(0, 3_000);
    await eventually(() => expect(first.messages).toHaveLength(3_000));
    const other = instance();
    const lastId = encodeStreamId({ position: [[], []], atMs: 0 });
    const sink = new MemorySink();
    sink.isStalled = true;
    await other.open({
      ...{ selection: { scope, filter: everything }, caller: 'key_2', isAllowed: () => true },
      ...{ resumeAt: decodeStreamId(lastId)?.position ?? null, connect: async () => sink },
    });
    await eventually(() => expect(sink.endedBy).toBe('slow-reader'));
    expect(sink.messages.length).toBeLessThan(1_500);
    await other.close();
  });

  it('refuses more streams than one caller, or all together, may have', async () => {
    const { open } = await setUp({ maxStreams: 8 });
    const [first] = [await open(), await open()];
    await expect(open()).rejects.toMatchObject({ code: 'rate-limited' });
    first.close();
    await open();
    for (const caller of ['a', 'b', 'c']) for (const _one of [1, 2]) await open({ caller });
    await expect(open({ caller: 'd' })).rejects.toMatchObject({ code: 'rate-limited' });
  });

  it('ends all streams when the process stops, and opens no more', async () => {
    const { open, streams } = await setUp();
    const sink = await open();
    await streams.close();
    expect(sink.endedBy).toBe('stopping');
    await expect(open()).rejects.toMatchObject({ code: 'closed' });
  });

  it('opens no stream, and leaves no timer, if the process stops while it is being opened', async () => {
    let followers = 0;
    let proceed = (): void => {};
    const opening = new Promise<void>((resolve) => {
      proceed = resolve;
    });
    const { clock, open, streams } = await setUp({
      change: (bus) => ({
        follow: async (options) => {
          await opening;
          const follower = await bus.follow(options);
          followers += 1;
          const close = async () => {
            followers -= 1;
            await follower.close();
          };
          return { ...follower, close };
        },
      }),
    });
    const before = clock.pendingTimers;
    const opened = expect(open()).rejects.toMatchObject({ code: 'closed' });
    const closing = streams.close();
    proceed();
    await Promise.all([opened, closing]);
    expect([followers, clock.pendingTimers]).toEqual([0, before]);
  });

  it('keeps no reader whose connection was closed before it was served', async () => {
    const { streams, publish, open } = await setUp();
    const watching = await open();
    const gone = new MemorySink();
    gone.close();
    let judged = 0;
    const filter = {
      ...{ ...everything, types: ['order.*'] },
      get subscriptionId() {
        judged += 1;
        return null;
      },
    };
    await streams.open({
      ...{ selection: { scope, filter }, caller: 'key_2', resumeAt: null, isAllowed: () => true },
      connect: async () => gone,
    });
    const judgedBefore = judged;
    await publish(0, 3);
    await eventually(() => expect(watching.messages).toHaveLength(3));
    expect(judged).toBe(judgedBefore);
    await streams.close();
  });

  it('follows the topics from the first stream until 10 s after the last one', async () => {
    let followers = 0;
    const { clock, open, streams } = await setUp({
      change: (bus) => ({
        follow: async (options) => {
          const follower = await bus.follow(options);
          followers += 1;
          const close = async () => {
            followers -= 1;
            await follower.close();
          };
          return { ...follower, close };
        },
      }),
    });
    expect(followers).toBe(0);
    const sinks = await Promise.all([open(), open(), open()]);
    expect(followers).toBe(1);
    for (const sink of sinks) sink.close();
    await clock.advance(9_000);
    const last = await open();
    await clock.advance(60_000);
    expect(followers).toBe(1);
    last.close();
    await clock.advance(10_000);
    expect(followers).toBe(0);
    // And again.
    await open();
    expect(followers).toBe(1);
    await streams.close();
    expect(followers).toBe(0);
  });

  it('keeps nothing of streams that were closed', async () => {
    const { open, streams, publish } = await setUp({ maxStreams: 40 });
    for (let round = 0; round < 300; round += 1) {
      const sinks = await Promise.all(
        range(0, 10).map(async () => open({ filter: { types: [`a${round}`] } })),
      );
      for (const sink of sinks) sink.close();
    }
    // All places are free again: each round had ten of them, and every one its own selection.
    const sinks = await Promise.all(range(0, 10).map(async () => open()));
    await publish(0, 3);
    for (const sink of sinks) await eventually(() => expect(sink.messages).toHaveLength(3));
    await streams.close();
  });
});
