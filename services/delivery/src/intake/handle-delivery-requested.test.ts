import { subscriptionId } from '@tidings/contracts';
import { answered } from '@tidings/testing/messages';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aCommand, aSubscription, startMs } from '../../test/builders.ts';
import { type Harness, startHarness } from '../../test/harness.ts';

const start = async (env: Readonly<Record<string, string>> = {}): Promise<Harness> =>
  startHarness({ env, cleanUp: onTestFinished });

describe('a subscription without deliveries', () => {
  it('disabled: waiting commands become dead letters', async () => {
    const harness = await start();
    await harness.register(aSubscription({ state: 'disabled' }));
    await harness.publish(aCommand(1));
    expect(harness.sender.sent).toEqual([]);
    expect(harness.deadLetters()).toMatchObject([{ reason: 'disabled', state: { attempts: [] } }]);
    expect(await harness.committed()).toBe(1);
  });

  it('deleted: waiting commands are suppressed', async () => {
    const harness = await start();
    await harness.register(aSubscription({ state: 'deleted' }));
    await harness.publish(aCommand(1));
    expect(harness.attemptEvents()).toMatchObject([
      { outcome: { kind: 'suppressed', reason: 'subscription-deleted' } },
    ]);
    expect(harness.deadLetters()).toEqual([]);
  });

  it('disabled while commands wait in memory: they are not sent', async () => {
    const harness = await start();
    await harness.register(aSubscription({ maxInFlight: 1 }));
    await harness.publish(aCommand(1), aCommand(2));
    expect(harness.sender.sent).toHaveLength(1);
    await harness.register(aSubscription({ version: 2, state: 'disabled' }));
    harness.sender.sent[0]?.answer(answered(200));
    await harness.settle();
    expect(harness.sender.sent).toHaveLength(1);
    expect(harness.deadLetters()).toMatchObject([{ reason: 'disabled' }]);
  });

  it('unknown: commands wait and are sent when it appears', async () => {
    const harness = await start();
    await harness.publish(aCommand(1), aCommand(2, { subscriptionVersion: 2 }));
    await harness.clock.advance(1_500);
    await harness.register(aSubscription());
    await harness.clock.advance(1_500);
    expect(harness.sender.ids).toEqual([aCommand(1).state.deliveryId]);
    await harness.register(aSubscription({ version: 2 }));
    await harness.clock.advance(1_500);
    expect(harness.sender.ids).toEqual([1, 2].map((n) => aCommand(n).state.deliveryId));
  });

  it('unknown for longer than the maximum: the command becomes a dead letter', async () => {
    const harness = await start();
    await harness.publish(aCommand(1));
    await harness.clock.advance(290_000);
    expect(harness.deadLetters()).toEqual([]);
    await harness.clock.advance(30_000);
    expect(harness.deadLetters()).toMatchObject([{ reason: 'unknown-subscription' }]);
    expect(harness.attemptEvents()).toMatchObject([
      { outcome: { kind: 'set-aside', reason: 'unknown-subscription' } },
    ]);
  });
});

describe('limits', () => {
  it('of one subscription delay no other', async () => {
    const harness = await start();
    const slow = aSubscription({ maxInFlight: 2 });
    const fast = aSubscription({ id: subscriptionId('sub_b') });
    await harness.register(slow, fast);
    await harness.publish(...Array.from({ length: 20 }, (_, n) => aCommand(n)));
    await harness.publish(aCommand(100, { subscriptionId: fast.id }));
    expect(harness.sender.ids).toEqual([0, 1, 100].map((n) => aCommand(n).state.deliveryId));
  });

  it('of the process are kept, but an endpoint with nothing in flight still gets one request', async () => {
    const harness = await start({ DELIVERY_CONCURRENCY: '2' });
    const other = aSubscription({ id: subscriptionId('sub_b') });
    await harness.register(aSubscription(), other);
    await harness.publish(...Array.from({ length: 5 }, (_, n) => aCommand(n)));
    await harness.publish(
      aCommand(100, { subscriptionId: other.id }),
      aCommand(101, { subscriptionId: other.id }),
    );
    expect(harness.sender.ids).toEqual([0, 1, 100].map((n) => aCommand(n).state.deliveryId));
  });

  it('of a rate are kept without polling', async () => {
    const harness = await start();
    await harness.register(aSubscription({ rateLimit: { perSecond: 2, burst: 1 } }));
    harness.sender.rule = () => answered(200);
    await harness.publish(...Array.from({ length: 4 }, (_, n) => aCommand(n)));
    await harness.clock.advance(2_000);
    expect(harness.sender.sent.map(({ atMs }) => atMs - startMs)).toEqual([0, 500, 1_000, 1_500]);
  });
});

describe('record before forget', () => {
  it('keeps everything while the brokers are unavailable, with a bounded number of unrecorded results', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    harness.sender.rule = () => answered(200);
    await harness.publish(aCommand(1));
    harness.bus.setReachable(false);
    harness.sender.rule = undefined;
    harness.bus.setReachable(true);
    await harness.publish(aCommand(2));
    harness.bus.setReachable(false);
    harness.sender.sent[1]?.answer(answered(200));
    await harness.clock.advance(60_000);
    expect(harness.attemptEvents()).toHaveLength(1);
    expect(await harness.committed()).toBe(1);
    harness.bus.setReachable(true);
    await harness.settle();
    expect(harness.attemptEvents()).toHaveLength(2);
    expect(await harness.committed()).toBe(2);
    expect(harness.sender.sent).toHaveLength(2);
  });

  it('a crash between response and record causes a duplicate with the same id, never a loss', async () => {
    const first = await start();
    await first.register(aSubscription());
    await first.publish(aCommand(1));
    first.bus.setReachable(false);
    first.sender.sent[0]?.answer(answered(200));
    await first.settle();
    await first.stop();
    first.bus.setReachable(true);
    const second = await startHarness({ bus: first.bus, clock: first.clock, cleanUp: onTestFinished });
    expect(second.sender.ids).toEqual(first.sender.ids);
    second.sender.sent[0]?.answer(answered(200));
    await second.settle();
    expect(second.attemptEvents()).toHaveLength(1);
  });

  it('a copy that is read while the first is in flight is not sent, and both are done', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    await harness.publish(aCommand(1), aCommand(1));
    expect(harness.sender.sent).toHaveLength(1);
    harness.sender.sent[0]?.answer(answered(200));
    await harness.settle();
    expect(harness.attemptEvents()).toHaveLength(1);
    expect(await harness.committed()).toBe(2);
    expect(await harness.metric('tidings_delivery_duplicates_dropped_total', { kind: 'in_flight' })).toBe(1);
  });
});

describe('stopping', () => {
  it('finishes and commits requests in flight and starts none', async () => {
    const harness = await start();
    await harness.register(aSubscription({ maxInFlight: 1 }));
    await harness.publish(aCommand(1), aCommand(2));
    const stopped = harness.stop();
    await harness.settle();
    harness.sender.sent[0]?.answer(answered(200));
    await harness.settle();
    await stopped;
    expect(harness.sender.sent).toHaveLength(1);
    expect(harness.attemptEvents()).toHaveLength(1);
    const second = await startHarness({ bus: harness.bus, clock: harness.clock, cleanUp: onTestFinished });
    expect(second.sender.ids).toEqual([aCommand(2).state.deliveryId]);
  });
});
