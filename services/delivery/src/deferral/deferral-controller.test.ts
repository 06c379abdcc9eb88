import { decodeBreakerOpened, subscriptionId, topics } from '@tidings/contracts';
import { partitionForKey } from '@tidings/kafka';
import { answered, failed } from '@tidings/testing/messages';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aCommand, aSubscription } from '../../test/builders.ts';
import { type Harness, startHarness } from '../../test/harness.ts';

const start = async (): Promise<Harness> => startHarness({ cleanUp: onTestFinished });

const many = (count: number, from = 0, id = 'sub_a') =>
  Array.from({ length: count }, (_, n) => aCommand(from + n, { subscriptionId: subscriptionId(id) }));

/** Returns another subscription whose commands use the same partition. */
const neighbourOf = (id: string): string => {
  const partition = partitionForKey(id, topics.deliveries.partitions);
  for (let n = 0; ; n += 1) {
    if (partitionForKey(`sub_n${n}`, topics.deliveries.partitions) === partition) return `sub_n${n}`;
  }
};

const deferredReasons = (harness: Harness): string[] =>
  harness.attemptEvents().flatMap(({ outcome }) => (outcome.kind === 'deferred' ? [outcome.reason] : []));

/** Causes ten consecutive failures at sub_a. */
const breakEndpoint = async (harness: Harness): Promise<void> => {
  harness.sender.rule = () => failed('refused');
  await harness.publish(...many(10, 1_000));
  harness.sender.rule = undefined;
  expect(await harness.metric('tidings_delivery_breaker_changes_total', { state: 'open' })).toBe(1);
};

describe('a backlog', () => {
  it('stays in memory while no other subscription uses the partition', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    await harness.publish(...many(500));
    expect(harness.ladderCommands()).toEqual([]);
    expect(harness.opened.engine.dispatcher.queue.queued).toBe(490);
  });

  it('beyond its limit is deferred when a neighbour appears, and its offsets are done', async () => {
    const harness = await start();
    const neighbour = neighbourOf('sub_a');
    await harness.register(aSubscription(), aSubscription({ id: subscriptionId(neighbour) }));
    await harness.publish(...many(1, 5_000, neighbour), ...many(500));
    const { queued } = harness.opened.engine.dispatcher.queue;
    expect(queued).toBeLessThanOrEqual(64);
    expect(harness.ladderCommands()).toHaveLength(500 - 10 - queued);
    expect(await harness.metric('tidings_delivery_spills_total', { reason: 'queue-full' })).toBe(
      490 - queued,
    );
    await harness.publish(...many(1, 6_000, neighbour));
    expect(
      harness.sender.ids.filter((id) => many(1, 6_000).some(({ state }) => state.deliveryId === id)),
    ).toHaveLength(1);
  });

  it('is spread over the rungs by the commands ahead, so that it does not circulate', async () => {
    const harness = await start();
    const neighbour = neighbourOf('sub_a');
    const rateLimit = { perSecond: 2, burst: 1 };
    await harness.register(aSubscription({ rateLimit }), aSubscription({ id: subscriptionId(neighbour) }));
    await harness.publish(...many(1, 5_000, neighbour), ...many(1_500));
    const delays = harness.ladderCommands().map(({ delayMs }) => delayMs);
    expect(delays.filter((delayMs) => delayMs < 60_000)).toEqual([]);
    expect(delays.filter((delayMs) => delayMs === 60_000).length).toBeGreaterThan(40);
    expect(delays.filter((delayMs) => delayMs === 1_800_000).length).toBeGreaterThan(200);
  });

  it('that is too old is deferred although its queue is short', async () => {
    const harness = await start();
    const neighbour = neighbourOf('sub_a');
    await harness.register(
      aSubscription({ maxInFlight: 1 }),
      aSubscription({ id: subscriptionId(neighbour) }),
    );
    harness.sender.rule = (request) =>
      request.headers['webhook-id'] === many(1)[0]?.state.deliveryId ? undefined : answered(200);
    await harness.publish(...many(3));
    await harness.publish(...many(1, 5_000, neighbour));
    await harness.clock.advance(1_900);
    expect(deferredReasons(harness)).toEqual([]);
    await harness.clock.advance(400);
    expect(deferredReasons(harness)).toEqual(['head-too-old', 'head-too-old']);
  });

  it('that is too old is deferred after a longer time also without neighbours', async () => {
    const harness = await start();
    await harness.register(aSubscription({ maxInFlight: 1 }));
    await harness.publish(...many(3));
    await harness.clock.advance(9_900);
    expect(deferredReasons(harness)).toEqual([]);
    await harness.clock.advance(400);
    expect(deferredReasons(harness)).toHaveLength(2);
  });

  it('stays in memory, however long, while this process is the slow part', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    await harness.publish(...many(500));
    for (let at = 0; at < 30; at += 10) {
      await harness.clock.advanceBusy(4_000);
      for (const sent of harness.sender.sent.slice(at, at + 10)) sent.answer(answered(200));
      await harness.settle();
    }
    await harness.publish(...many(500, 500));
    await harness.clock.advance(250);
    expect(harness.ladderCommands()).toEqual([]);
    expect(harness.opened.engine.dispatcher.queue.queued).toBe(1_000 - 40);
  });

  it('is deferred when its endpoint is as slow while this process is idle', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    await harness.publish(...many(500));
    for (let at = 0; at < 30; at += 10) {
      await harness.clock.advance(3_000);
      for (const sent of harness.sender.sent.slice(at, at + 10)) sent.answer(answered(200));
      await harness.settle();
    }
    await harness.publish(...many(10, 500));
    expect(deferredReasons(harness)).toHaveLength(10);
    expect(new Set(deferredReasons(harness))).toEqual(new Set(['queue-full']));
  });

  it('records a deferral once, however often it is repeated, and not as an attempt', async () => {
    const harness = await start();
    await harness.register(aSubscription({ maxInFlight: 1 }));
    await harness.publish(...many(2));
    await harness.clock.advance(60_000);
    expect(harness.ladderCommands().length).toBeGreaterThan(1);
    expect(deferredReasons(harness)).toEqual(['head-too-old']);
    harness.sender.rule = () => answered(200);
    harness.sender.sent[0]?.answer(answered(200));
    await harness.clock.advance(60_000);
    expect(
      harness
        .attemptEvents()
        .filter(({ outcome }) => outcome.kind === 'delivered')
        .map(({ attempt }) => attempt),
    ).toEqual([1, 1]);
  });

  it('runs no sweep while nothing waits', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    harness.sender.rule = () => answered(200);
    await harness.publish(...many(5));
    const timers = harness.clock.pendingTimers;
    await harness.clock.advance(250);
    await harness.publish(...many(5, 100));
    expect(harness.clock.pendingTimers).toBe(timers);
  });
});

describe('a circuit breaker', () => {
  it('opens after failures, defers new commands without attempts, and empties the queue', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    harness.sender.rule = undefined;
    await harness.publish(...many(30));
    for (const sent of harness.sender.sent.slice(0, 10)) sent.answer(failed('timeout'));
    await harness.settle();
    expect(harness.opened.engine.dispatcher.queue.queued).toBe(0);
    const sentBefore = harness.sender.sent.length;
    await harness.publish(...many(5, 100));
    expect(harness.sender.sent).toHaveLength(sentBefore);
    expect(new Set(deferredReasons(harness))).toEqual(new Set(['breaker-open']));
    const deferred = harness.ladderCommands().filter(({ command: { state } }) => state.deferrals > 0);
    expect(deferred.every(({ delayMs, command: { state } }) => delayMs >= 5_000 && state.attempt === 1)).toBe(
      true,
    );
  });

  it('admits one at a time when half-open, and all after a success', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    await breakEndpoint(harness);
    await harness.clock.advance(10_000);
    const before = harness.sender.sent.length;
    await harness.publish(...many(5));
    expect(harness.sender.sent).toHaveLength(before + 1);
    harness.sender.rule = () => answered(200);
    harness.sender.sent.at(-1)?.answer(answered(200));
    await harness.settle();
    expect(harness.sender.sent).toHaveLength(before + 5);
    expect(await harness.metric('tidings_delivery_breaker_changes_total', { state: 'closed' })).toBe(1);
  });

  it('opens again after a failed probe', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    await breakEndpoint(harness);
    await harness.clock.advance(10_000);
    const before = harness.sender.sent.length;
    await harness.publish(...many(3));
    harness.sender.sent.at(-1)?.answer(failed('timeout'));
    await harness.settle();
    expect(harness.sender.sent).toHaveLength(before + 1);
    expect(await harness.metric('tidings_delivery_breaker_changes_total', { state: 'open' })).toBe(2);
  });

  it('is recorded when it opens, also again after a probe, and when it closes', async () => {
    const harness = await start();
    const records = () =>
      harness.bus
        .records(topics.breakers)
        .map((record) => (record.value === null ? `${record.key} closed` : decodeBreakerOpened(record)));
    await harness.register(aSubscription());
    await breakEndpoint(harness);
    const [first] = records();
    expect(first).toMatchObject({ subscriptionId: 'sub_a', consumerId: 'partner' });
    expect(first).toMatchObject({
      probeAtMs: harness.clock.nowMs() + 10_000,
      sinceMs: harness.clock.nowMs(),
    });
    await harness.clock.advance(10_000);
    await harness.publish(...many(3));
    harness.sender.sent.at(-1)?.answer(failed('timeout'));
    await harness.settle();
    const [, second] = records();
    expect(second).toMatchObject({
      ...{ probeAtMs: harness.clock.nowMs() + 20_000, sinceMs: harness.clock.nowMs() - 10_000 },
    });
    await harness.register(aSubscription({ version: 2, endpointUrl: 'https://mended.example/' }));
    // Of a breaker that is closed nothing is written.
    await harness.register(aSubscription({ version: 3, endpointUrl: 'https://mended.example/' }));
    await harness.settle();
    expect(records().slice(2)).toEqual(['sub_a closed']);
  });

  it('affects no other endpoint', async () => {
    const harness = await start();
    await harness.register(aSubscription(), aSubscription({ id: subscriptionId('sub_b') }));
    await breakEndpoint(harness);
    const before = harness.sender.sent.length;
    await harness.publish(...many(5, 100, 'sub_b'));
    expect(harness.sender.sent).toHaveLength(before + 5);
  });

  it('is reset by a change of the subscription', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    await breakEndpoint(harness);
    const before = harness.sender.sent.length;
    await harness.register(aSubscription({ version: 2, endpointUrl: 'https://mended.example/' }));
    await harness.publish(...many(5));
    expect(harness.sender.sent).toHaveLength(before + 5);
  });

  it('admits manual requests', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    await breakEndpoint(harness);
    const before = harness.sender.sent.length;
    await harness.publish(aCommand(1, { trigger: 'manual', chain: 1 }));
    expect(harness.sender.sent).toHaveLength(before + 1);
  });

  it('defers a backlog for a minute or two, not for hours, after a brief silence of its endpoint', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    await harness.publish(...many(150));
    await harness.clock.advance(9_000);
    await harness.publish(...many(50, 150));
    await harness.clock.advance(1_000);
    for (const sent of harness.sender.sent) sent.answer(failed('timeout'));
    harness.sender.rule = () => answered(200);
    await harness.clock.advance(90_000);
    const delivered = harness.attemptEvents().filter(({ outcome }) => outcome.kind === 'delivered');
    expect(delivered).toHaveLength(200);
  });

  it('loses nothing: all commands are delivered once the endpoint recovers', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    harness.sender.rule = () => failed('refused');
    await harness.publish(...many(50));
    harness.sender.rule = () => answered(200);
    await harness.clock.advance(600_000);
    const delivered = harness.attemptEvents().filter(({ outcome }) => outcome.kind === 'delivered');
    expect(new Set(delivered.map(({ deliveryId }) => deliveryId)).size).toBe(50);
    expect(delivered).toHaveLength(50);
  });
});
