import { topics } from '@tidings/contracts';
import { answered } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { aCommand, aSubscription } from '../../test/builders.ts';
import { numbered, numbers, remainingEntries, start } from '../../test/ordering-harness.ts';

const inOrder = aSubscription({ ordering: 'subscription' });

describe('commands that wait in an ordered queue', () => {
  it('are persisted after a while, and the partition continues', async () => {
    const harness = await start();
    await harness.register(inOrder);
    await harness.publish(...numbered(4));
    await harness.clock.advance(10_500);
    expect(remainingEntries(harness)).toBe(4);
    const [lag] = (await harness.bus.lag('tidings-delivery', [topics.deliveries])).filter(
      ({ highOffset }) => highOffset > 0n,
    );
    expect(lag?.committedOffset).toBe(lag?.highOffset);
    expect(harness.attemptEvents().map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 3 }, () => ({ kind: 'deferred', reason: 'held' })),
    );
    harness.sender.rule = () => answered(200);
    harness.sender.sent[0]?.answer(answered(200));
    await harness.settle();
    expect(numbers(harness)).toEqual([0, 1, 2, 3]);
    expect(remainingEntries(harness)).toBe(0);
  });

  it('are read back from the changelog when the body cache was full', async () => {
    const harness = await start({ DELIVERY_MAX_HELD_BODY_BYTES: '0' });
    await harness.register(inOrder);
    await harness.publish(...numbered(4));
    await harness.clock.advance(10_500);
    expect(harness.opened.engine.ordering.bodies.bytes).toBe(0);
    harness.sender.rule = () => answered(200);
    harness.sender.sent[0]?.answer(answered(200));
    await harness.settle();
    expect(numbers(harness)).toEqual([0, 1, 2, 3]);
    expect(harness.sender.sent.map(({ body }) => body.toString())).toEqual(
      numbered(4).map(({ body }) => body.toString()),
    );
  });

  it('are released when the subscription is no longer ordered', async () => {
    const harness = await start();
    await harness.register(inOrder);
    await harness.publish(...numbered(4));
    await harness.clock.advance(10_500);
    await harness.register(aSubscription({ version: 2 }));
    harness.sender.sent[0]?.answer(answered(200));
    await harness.settle();
    expect(numbers(harness)).toEqual([0, 1, 2, 3]);
    for (const sent of harness.sender.sent.slice(1)) sent.answer(answered(200));
    await harness.settle();
    expect(remainingEntries(harness)).toBe(0);
  });

  it('keep the order of each key when ordering changes from subscription to key', async () => {
    const harness = await start();
    await harness.register(inOrder);
    await harness.publish(...numbered(2, 0, { orderingKey: 'a' }), ...numbered(2, 10, { orderingKey: 'b' }));
    await harness.register(aSubscription({ version: 2, ordering: 'key' }));
    harness.sender.sent[0]?.answer(answered(200));
    await harness.settle();
    expect(numbers(harness)).toEqual([0, 1, 10]);
    harness.sender.sent[2]?.answer(answered(200));
    await harness.settle();
    expect(numbers(harness)).toEqual([0, 1, 10, 11]);
  });

  it('keep their order while the subscription is unknown', async () => {
    const harness = await start();
    await harness.publish(aCommand(0));
    await harness.clock.advance(300);
    await harness.publish(aCommand(1));
    harness.sender.rule = (request) => answered(request.body.toString() === '{"n": 0}' ? 500 : 200);
    await harness.register(inOrder);
    await harness.publish(aCommand(2));
    expect(numbers(harness)).toEqual([0]);
    harness.sender.rule = () => answered(200);
    await harness.clock.advance(6_000);
    expect(numbers(harness)).toEqual([0, 0, 1, 2]);
  });
});
