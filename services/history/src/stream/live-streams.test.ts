import { eventually } from '@tidings/testing';
import { describe, expect, it } from 'vitest';
import { everything, numbersOf, range, scope, setUp } from '../../test/stream/live-streams-harness.ts';
import { MemorySink } from '../../test/stream/memory-sink.ts';
import { decodeStreamId, encodeStreamId } from './domain/stream-id.ts';

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
