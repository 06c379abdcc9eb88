import { answered } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { aCommand, aSubscription } from '../../test/builders.ts';
import type { Harness } from '../../test/harness.ts';
import { numbered, numbers, remainingEntries, start } from '../../test/ordering-harness.ts';

const inOrder = aSubscription({ ordering: 'subscription' });
const byKey = aSubscription({ ordering: 'key' });

const endings = (harness: Harness): (readonly [string, string])[] =>
  harness.deadLetters().map(({ reason, state }) => [reason, state.deliveryId]);
const idsOf = (commands: ReturnType<typeof numbered>): string[] =>
  commands.map(({ state }) => state.deliveryId);

describe('a blocked queue', () => {
  const blocking = aSubscription({
    ordering: 'subscription',
    onExhausted: 'block',
    retryScheduleSeconds: [5, 600],
  });
  const blocked = async (): Promise<Harness> => {
    const harness = await start();
    await harness.register(blocking);
    harness.sender.rule = () => answered(404);
    await harness.publish(...numbered(3));
    await harness.clock.advance(700_000);
    expect(numbers(harness)).toEqual([0, 0, 0]);
    expect(harness.lines.filter(({ event }) => event === 'ordered-queue.blocked')).toMatchObject([
      { level: 'warn', fields: { subscriptionId: 'sub_a', attempts: 3, behind: 2 } },
    ]);
    harness.sender.rule = () => answered(200);
    return harness;
  };

  it('continues after a manual redelivery of its head', async () => {
    const harness = await blocked();
    await harness.publish(aCommand(0, { chain: 1, trigger: 'manual' }));
    expect(numbers(harness)).toEqual([0, 0, 0, 0, 1, 2]);
    expect(remainingEntries(harness)).toBe(0);
    await harness.clock.advance(700_000);
    expect(numbers(harness)).toHaveLength(6);
    expect(harness.deadLetters()).toEqual([]);
  });

  it('stays blocked if the manual redelivery of its head fails', async () => {
    const harness = await blocked();
    harness.sender.rule = () => answered(404);
    await harness.publish(aCommand(0, { chain: 1, trigger: 'manual' }));
    expect(numbers(harness)).toEqual([0, 0, 0, 0]);
    harness.sender.rule = () => answered(200);
    await harness.clock.advance(6_000);
    expect(numbers(harness)).toEqual([0, 0, 0, 0, 0, 1, 2]);
  });

  it('continues at once when its policy becomes skip', async () => {
    const harness = await blocked();
    harness.sender.rule = (request) => answered(request.body.toString() === '{"n": 0}' ? 404 : 200);
    await harness.register({ ...blocking, version: 2, onExhausted: 'skip' });
    expect(numbers(harness)).toEqual([0, 0, 0, 0, 1, 2]);
    expect(harness.deadLetters()).toMatchObject([{ reason: 'exhausted' }]);
  });
});

describe('a change while commands wait in ordered queues', () => {
  it('of the schedule to a shorter one shortens the running wait', async () => {
    const harness = await start();
    await harness.register({ ...inOrder, retryScheduleSeconds: [36_000] });
    harness.sender.rule = () => answered(500);
    await harness.publish(...numbered(2));
    await harness.clock.advance(3_000);
    await harness.register({ ...inOrder, version: 2, retryScheduleSeconds: [10] });
    expect(numbers(harness)).toEqual([0]);
    harness.sender.rule = () => answered(200);
    await harness.clock.advance(8_100);
    expect(numbers(harness)).toEqual([0, 0, 1]);
  });

  it('does not shorten a Retry-After', async () => {
    const harness = await start();
    await harness.register({ ...inOrder, retryScheduleSeconds: [36_000] });
    harness.sender.rule = () => answered(429, { 'retry-after': '7200' });
    await harness.publish(...numbered(1));
    await harness.register({ ...inOrder, version: 2, retryScheduleSeconds: [10] });
    await harness.clock.advance(600_000);
    expect(numbers(harness)).toEqual([0]);
  });

  it('to disabled ends every queue at once, each in order', async () => {
    const harness = await start();
    await harness.register(byKey);
    harness.sender.rule = () => answered(500);
    const a = numbered(3, 0, { orderingKey: 'a' });
    const b = numbered(2, 10, { orderingKey: 'b' });
    await harness.publish(...a, ...b);
    await harness.register({ ...byKey, version: 2, state: 'disabled' });
    const ended = endings(harness);
    expect(ended.every(([reason]) => reason === 'disabled')).toBe(true);
    const ordering = ended.map(([, id]) => id);
    expect(ordering.filter((id) => idsOf(a).includes(id))).toEqual(idsOf(a));
    expect(ordering.filter((id) => idsOf(b).includes(id))).toEqual(idsOf(b));
    expect(remainingEntries(harness)).toBe(0);
  });

  it('to deleted suppresses waiting commands in order', async () => {
    const harness = await start();
    await harness.register(inOrder);
    harness.sender.rule = () => answered(500);
    await harness.publish(...numbered(3));
    await harness.register({ ...inOrder, version: 2, state: 'deleted' });
    const suppressed = harness.attemptEvents().filter(({ outcome }) => outcome.kind === 'suppressed');
    expect(suppressed.map(({ deliveryId }) => deliveryId)).toEqual(idsOf(numbered(3)));
    expect(remainingEntries(harness)).toBe(0);
  });

  it('by a 410 in one queue ends the others too', async () => {
    const harness = await start();
    await harness.register(byKey);
    harness.sender.rule = () => answered(500);
    await harness.publish(...numbered(2, 0, { orderingKey: 'a' }));
    harness.sender.rule = () => answered(410);
    await harness.publish(...numbered(2, 10, { orderingKey: 'b' }));
    const ids = [...numbered(2, 0), ...numbered(2, 10)];
    expect(new Set(endings(harness).map(([, id]) => id))).toEqual(new Set(idsOf(ids)));
    expect(numbers(harness)).toEqual([0, 10]);
  });

  it('of the ordering releases also commands that are only in the changelog', async () => {
    const harness = await start({ DELIVERY_MAX_HELD_BODY_BYTES: '0' });
    await harness.register(inOrder);
    harness.sender.rule = () => answered(500);
    await harness.publish(...numbered(5));
    await harness.clock.advance(4_000);
    harness.sender.rule = () => answered(200);
    await harness.register(aSubscription({ version: 2 }));
    await harness.clock.advance(12_000);
    expect(new Set(numbers(harness))).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(numbers(harness)).toHaveLength(6);
    expect(remainingEntries(harness)).toBe(0);
  });

  it('of the ordering from key to subscription merges the queues by sequence', async () => {
    const harness = await start();
    await harness.register(byKey);
    harness.sender.rule = () => answered(500);
    const mixed = [0, 1, 2, 3].flatMap((n) => numbered(1, n, { orderingKey: n % 2 === 0 ? 'a' : 'b' }));
    await harness.publish(...mixed);
    expect(numbers(harness)).toEqual([0, 1]);
    harness.sender.rule = () => answered(200);
    await harness.register({ ...inOrder, version: 2 });
    await harness.clock.advance(6_000);
    expect(numbers(harness).slice(2)).toEqual([0, 1, 2, 3]);
  });
});

describe('a manual redelivery', () => {
  it('is added at the end of its queue if its delivery does not wait there', async () => {
    const harness = await start();
    await harness.register({ ...inOrder, retryScheduleSeconds: [5] });
    harness.sender.rule = (request) => answered(request.body.toString() === '{"n": 0}' ? 404 : 500);
    await harness.publish(...numbered(3));
    await harness.clock.advance(6_000);
    expect(harness.deadLetters()).toMatchObject([{ reason: 'exhausted' }]);
    await harness.publish(aCommand(0, { chain: 1, trigger: 'manual' }));
    expect(numbers(harness)).toEqual([0, 0, 1]);
    harness.sender.rule = () => answered(200);
    await harness.clock.advance(6_000);
    expect(numbers(harness)).toEqual([0, 0, 1, 1, 2, 0]);
    expect(remainingEntries(harness)).toBe(0);
  });

  it('waits for the request in flight, and replaces it if that fails', async () => {
    const harness = await start();
    await harness.register(inOrder);
    await harness.publish(...numbered(2));
    await harness.publish(aCommand(0, { chain: 1, trigger: 'manual' }));
    expect(numbers(harness)).toEqual([0]);
    harness.sender.rule = () => answered(200);
    harness.sender.sent[0]?.answer(answered(500));
    await harness.settle();
    expect(numbers(harness)).toEqual([0, 0, 1]);
    await harness.clock.advance(60_000);
    expect(numbers(harness)).toEqual([0, 0, 1]);
    expect(remainingEntries(harness)).toBe(0);
  });
});

it('commands of a subscription that never appears wait together and end in order', async () => {
  const harness = await start();
  await harness.publish(...numbered(3));
  await harness.clock.advance(290_000);
  expect(harness.deadLetters()).toEqual([]);
  await harness.clock.advance(20_000);
  expect(endings(harness)).toEqual(idsOf(numbered(3)).map((id) => ['unknown-subscription', id]));
  expect(remainingEntries(harness)).toBe(0);
});

it('commands for a newer version than the known one keep their order', async () => {
  const harness = await start();
  await harness.register(aSubscription());
  await harness.publish(...numbered(3, 0, { subscriptionVersion: 2 }));
  await harness.clock.advance(20_000);
  expect(numbers(harness)).toEqual([]);
  harness.sender.rule = (request) => answered(request.body.toString() === '{"n": 0}' ? 500 : 200);
  await harness.register({ ...inOrder, version: 2 });
  expect(numbers(harness)).toEqual([0]);
  harness.sender.rule = () => answered(200);
  await harness.clock.advance(6_000);
  expect(numbers(harness)).toEqual([0, 0, 1, 2]);
  expect(remainingEntries(harness)).toBe(0);
});
