import {
  encodeLiveHoldChanged,
  type LiveHoldChanged,
  replayChainOf,
  subscriptionId,
  topics,
} from '@tidings/contracts';
import { createMemoryBus } from '@tidings/kafka/testing';
import { fakeClock } from '@tidings/runtime/testing';
import { answered } from '@tidings/testing/messages';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aSubscription, startMs } from '../../test/builders.ts';
import { type Harness, type Sent, startHarness } from '../../test/harness.ts';
import { numbered, numbers, remainingEntries } from '../../test/ordering-harness.ts';

const chain = replayChainOf({ jobId: `job_${'1'.repeat(32)}`, createdAtMs: startMs });
const replayed = { chain, trigger: 'replay' } as const;

const start = async (
  env: Readonly<Record<string, string>> = {},
  orderedBy: 'key' | 'subscription' = 'subscription',
) => {
  const clock = fakeClock(startMs);
  const bus = createMemoryBus({ clock });
  const options = { bus, clock, env: { DELIVERY_DRAIN: '0', ...env } };
  const harness = await startHarness({ ...options, cleanUp: onTestFinished });
  await harness.register(aSubscription({ ordering: orderedBy, retryScheduleSeconds: [60] }));
  harness.sender.rule = () => answered(200);
  const producer = await bus.producer();
  const change = async (state: LiveHoldChanged['state'], over: Partial<LiveHoldChanged> = {}) => {
    const changed = {
      type: 'LiveHoldChanged.v1',
      subscriptionId: subscriptionId('sub_a'),
      chain,
      state,
      ...over,
    } as const;
    await producer.publish({ topic: topics.deliveries, ...encodeLiveHoldChanged(changed) });
    await harness.settle();
  };
  const restart = async (): Promise<Harness> => {
    await harness.stop();
    const onSend = (sent: Sent): void => sent.answer(answered(200));
    return startHarness({ ...options, onSend, cleanUp: onTestFinished });
  };
  return { clock, bus, harness, change, restart };
};

describe.each([
  ['subscription', {}],
  ['key', { orderingKey: 'k' }],
] as const)('a replay that holds live events, at a subscription ordered by %s', (ordering, key) => {
  it('is sent before all live events that had not ended when it began', async () => {
    const { harness, change, clock } = await start({}, ordering);
    // The head of the live queue fails, and another waits behind it.
    harness.sender.rule = () => answered(500);
    await harness.publish(...numbered(2, 0, key));
    expect(numbers(harness)).toEqual([0]);
    harness.sender.rule = ({ body }) => answered(body.toString() === '{"n": 12}' ? 500 : 200);
    await change('held');
    await harness.publish(...numbered(2, 10, { ...key, ...replayed }), ...numbered(2, 2, key));
    // Between two batches of the replay nothing of it is there, and live events wait nevertheless.
    expect(numbers(harness)).toEqual([0, 10, 11]);
    await harness.publish(...numbered(2, 12, { ...key, ...replayed }));
    await change('ending');
    await harness.publish(...numbered(1, 4, key));
    expect(numbers(harness)).toEqual([0, 10, 11, 12]);
    harness.sender.rule = () => answered(200);
    await clock.advance(70_000);
    expect(numbers(harness)).toEqual([0, 10, 11, 12, 12, 13, 0, 1, 2, 3, 4]);
    expect(remainingEntries(harness)).toBe(0);
    expect(await harness.committed()).toBe(harness.bus.records(topics.deliveries).length);
  });
});

describe('a hold on live events', () => {
  it('is known to the next process, also between two batches of its replay', async () => {
    const { harness, change, clock, restart } = await start();
    await change('held');
    await harness.publish(...numbered(1, 10, replayed), ...numbered(3));
    await clock.advance(2_000);
    const second = await restart();
    await clock.advance(10_000);
    await harness.publish(...numbered(1, 3));
    expect(numbers(harness)).toEqual([10]);
    expect(numbers(second)).toEqual([]);
    await harness.publish(...numbered(1, 11, replayed));
    await change('ending');
    await clock.advance(100);
    expect(numbers(second)).toEqual([11, 0, 1, 2, 3]);
  });

  it('that ends lasts until the commands are sent that only the deliveries topic has', async () => {
    const { harness, change, clock, restart, bus } = await start();
    await harness.publish(...numbered(1, 99));
    // The replay's commands are in flight when the process dies: their offsets are not committed.
    harness.sender.rule = () => undefined;
    await change('held');
    await harness.publish(...numbered(2, 10, replayed), ...numbered(2));
    await change('ending');
    // The live ones, and the end of the hold, are in the changelog meanwhile.
    const keys = () => bus.records(topics.orderingChangelog).map(({ key }) => key ?? '');
    expect(keys().filter((key) => key.includes('live-hold'))).toHaveLength(2);
    const second = await restart();
    await clock.advance(5_000);
    expect(numbers(second)).toEqual([10, 11, 0, 1]);
    expect(remainingEntries(second)).toBe(0);
  });

  it('is released at once by a pause or a cancellation, also with its replay waiting', async () => {
    const { harness, change, clock, restart } = await start();
    harness.sender.rule = ({ body }) => answered(body.toString() === '{"n": 10}' ? 500 : 200);
    await change('held');
    await harness.publish(...numbered(2, 10, replayed), ...numbered(2));
    expect(numbers(harness)).toEqual([10]);
    await change('released');
    expect(numbers(harness)).toEqual([10, 0, 1]);
    // The job is resumed, and its replay goes on.
    await change('held');
    await harness.publish(...numbered(1, 2));
    expect(numbers(harness)).toEqual([10, 0, 1]);
    await change('released');
    expect(numbers(harness)).toEqual([10, 0, 1, 2]);
    const second = await restart();
    await harness.publish(...numbered(1, 3));
    await clock.advance(100);
    expect(numbers(second)).toEqual([3]);
  });

  it('of two replays lasts until the end of both, and holds no other subscription', async () => {
    const { harness, change } = await start();
    const other = subscriptionId('sub_b');
    await harness.register(aSubscription({ id: other, ordering: 'subscription' }));
    await change('held');
    await change('held', { chain: chain + 1_000 });
    await harness.publish(...numbered(1), ...numbered(1, 50, { subscriptionId: other }));
    expect(numbers(harness)).toEqual([50]);
    await change('released');
    expect(numbers(harness)).toEqual([50]);
    await change('ending', { chain: chain + 1_000 });
    expect(numbers(harness)).toEqual([50, 0]);
  });

  it('lets live events and the replay have a bound each; beyond it they are dead-lettered in order', async () => {
    const { harness, change, clock } = await start({ DELIVERY_MAX_ORDERED_BACKLOG: '3' });
    await change('held');
    await harness.publish(...numbered(5));
    expect(harness.deadLetters().map(({ reason }) => reason)).toEqual(['backlog-full', 'backlog-full']);
    await harness.publish(...numbered(3, 10, replayed));
    expect(numbers(harness)).toEqual([10, 11, 12]);
    await change('ending');
    await clock.advance(100);
    expect(numbers(harness)).toEqual([10, 11, 12, 0, 1, 2]);
  });

  it('has no effect once the subscription is not ordered any more', async () => {
    const { harness, change, clock } = await start();
    await change('held');
    await harness.publish(...numbered(2));
    expect(numbers(harness)).toEqual([]);
    await harness.register(aSubscription({ ordering: 'none', version: 2 }));
    await clock.advance(100);
    expect(numbers(harness).toSorted()).toEqual([0, 1]);
  });

  it('sends a replayed delivery in its place of the replay, although its live command waits', async () => {
    const { harness, change, clock } = await start();
    harness.sender.rule = () => answered(500);
    await harness.publish(...numbered(3));
    harness.sender.rule = () => answered(200);
    await change('held');
    const superseding = { ...replayed, supersedes: true } as const;
    await harness.publish(...numbered(1, 2, superseding), ...numbered(1, 7, superseding));
    expect(numbers(harness)).toEqual([0, 2, 7]);
    await change('ending');
    await clock.advance(70_000);
    expect(numbers(harness)).toEqual([0, 2, 7, 0, 1]);
    expect(remainingEntries(harness)).toBe(0);
  });
});
