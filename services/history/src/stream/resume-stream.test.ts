import { consumerId, encodeAttempt, subscriptionId, topics } from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { anAttemptRecord } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { aFailure, outcomes } from '../../test/builders.ts';
import { eventOf, numbersOf, range, setUp } from '../../test/stream/live-streams-harness.ts';
import { decodeStreamId, encodeStreamId } from './domain/stream-id.ts';
import type { LiveStreams } from './live-streams.ts';

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
