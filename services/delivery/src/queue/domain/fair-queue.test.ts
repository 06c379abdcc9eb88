import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairQueue } from './fair-queue.ts';
import type { QueueLimits } from './subscription-queue.ts';

type Job = Readonly<{ name: string; bytes: number; arrivedMs: number; isBulk?: boolean }>;

const unlimited: QueueLimits = { maxInFlight: 1_000, rateLimit: null };
const atMost = (maxInFlight: number): QueueLimits => ({ maxInFlight, rateLimit: null });
const wide = { softCap: 1_000, hardCap: 1_000 };

const fill = (
  queue: FairQueue<Job>,
  subscriptionId: string,
  options: { count: number; limits?: QueueLimits; bytes?: number },
) => {
  const { count, limits = unlimited, bytes = 100 } = options;
  for (let n = 1; n <= count; n += 1)
    queue.push({
      subscriptionId,
      job: { name: `${subscriptionId}${n}`, bytes, arrivedMs: 0 },
      limits,
      nowMs: 0,
    });
};

const takeAll = (queue: FairQueue<Job>, nowMs = 0): string[] => {
  const names: string[] = [];
  for (let taken = queue.take(nowMs); taken !== undefined; taken = queue.take(nowMs))
    names.push(taken.job.name);
  return names;
};

describe('FairQueue', () => {
  it('keeps the order of one subscription', () => {
    const queue = new FairQueue<Job>(wide);
    fill(queue, 'a', { count: 200 });
    expect(takeAll(queue)).toEqual(Array.from({ length: 200 }, (_, at) => `a${at + 1}`));
  });

  it('sends the bulk jobs of a subscription in order, and each only while no other one waits', () => {
    const queue = new FairQueue<Job>(wide);
    const push = (name: string, isBulk: boolean) =>
      queue.push({
        subscriptionId: 'a',
        job: { name, bytes: 100, arrivedMs: 0, isBulk },
        limits: unlimited,
        nowMs: 0,
      });
    for (const name of ['replay1', 'replay2', 'replay3']) push(name, true);
    expect(queue.take(0)?.job.name).toBe('replay1');
    push('live1', false);
    push('live2', false);
    expect(queue.aheadOf('a', { isBulk: false })).toBe(2);
    expect(queue.aheadOf('a', { isBulk: true })).toBe(4);
    expect(queue.lengthOf('a')).toBe(4);
    expect(takeAll(queue)).toEqual(['live1', 'live2', 'replay2', 'replay3']);
  });

  it('finds a bulk job that is too old behind live jobs that are not', () => {
    const queue = new FairQueue<Job>(wide);
    const push = (name: string, arrivedMs: number) =>
      queue.push({
        subscriptionId: 'a',
        job: { name, bytes: 100, arrivedMs, isBulk: name === 'replay' },
        limits: unlimited,
        nowMs: 0,
      });
    push('replay', 0);
    push('live', 100);
    const aged = queue.takeAged(100, (_, head) => head.arrivedMs < 50);
    expect(aged.map(({ job }) => job.name)).toEqual(['replay']);
    expect(queue.queued).toBe(1);
  });

  it('serves a new subscription before the backlog of another', () => {
    const queue = new FairQueue<Job>({ softCap: 2, hardCap: 2 });
    fill(queue, 'a', { count: 1_000 });
    queue.take(0);
    fill(queue, 'b', { count: 1 });
    expect(queue.take(0)?.job.name).toBe('b1');
  });

  it('serves subscriptions with equal bodies equally', () => {
    const queue = new FairQueue<Job>(wide);
    for (const subscription of ['a', 'b', 'c']) fill(queue, subscription, { count: 300 });
    const first = Array.from({ length: 300 }, () => queue.take(0)?.subscriptionId);
    for (const subscription of ['a', 'b', 'c']) {
      expect(Math.abs(first.filter((id) => id === subscription).length - 100)).toBeLessThanOrEqual(16);
    }
  });

  it('gives a subscription with large bodies fewer turns', () => {
    const queue = new FairQueue<Job>(wide);
    fill(queue, 'small', { count: 500, bytes: 1_000 });
    fill(queue, 'large', { count: 500, bytes: 100_000 });
    const first = Array.from({ length: 200 }, () => queue.take(0)?.subscriptionId);
    expect(first.filter((id) => id === 'large').length).toBeLessThan(10);
  });

  it('keeps a subscription at its own limit and continues when a request ends', () => {
    const queue = new FairQueue<Job>(wide);
    fill(queue, 'a', { count: 5, limits: atMost(2) });
    expect(takeAll(queue)).toEqual(['a1', 'a2']);
    queue.finished('a', 0);
    expect(takeAll(queue)).toEqual(['a3']);
  });

  it('stops at the soft cap but still serves a subscription with nothing in flight, up to the hard cap', () => {
    const queue = new FairQueue<Job>({ softCap: 2, hardCap: 4 });
    fill(queue, 'a', { count: 10 });
    expect(takeAll(queue)).toEqual(['a1', 'a2']);
    for (const subscription of ['b', 'c', 'd']) fill(queue, subscription, { count: 2 });
    expect(takeAll(queue)).toEqual(['b1', 'c1']);
    queue.finished('a', 0);
    expect(takeAll(queue)).toEqual(['d1']);
  });

  it('respects a rate limit and reports when it continues', () => {
    const queue = new FairQueue<Job>(wide);
    fill(queue, 'a', { count: 5, limits: { maxInFlight: 10, rateLimit: { perSecond: 10, burst: 2 } } });
    expect(takeAll(queue)).toEqual(['a1', 'a2']);
    expect(queue.nextWakeMs()).toBe(100);
    expect(takeAll(queue, 99)).toEqual([]);
    expect(takeAll(queue, 100)).toEqual(['a3']);
    expect(takeAll(queue, 1_000)).toEqual(['a4', 'a5']);
    expect(queue.nextWakeMs()).toBeUndefined();
  });

  it('applies new limits to queued jobs', () => {
    const queue = new FairQueue<Job>(wide);
    fill(queue, 'a', { count: 5, limits: atMost(1) });
    expect(takeAll(queue)).toEqual(['a1']);
    queue.setLimits('a', atMost(3), 0);
    expect(takeAll(queue)).toEqual(['a2', 'a3']);
    queue.setLimits('a', { maxInFlight: 5, rateLimit: { perSecond: 1, burst: 1 } }, 0);
    expect(takeAll(queue)).toEqual(['a4']);
    queue.setLimits('a', unlimited, 0);
    expect(takeAll(queue)).toEqual(['a5']);
    expect(queue.nextWakeMs()).toBeUndefined();
  });

  it('removes matching jobs and keeps its counts', () => {
    const queue = new FairQueue<Job>(wide);
    fill(queue, 'a', { count: 3 });
    fill(queue, 'b', { count: 2 });
    const removed = queue.removeWhere(({ name }) => name === 'a1' || name.startsWith('b'), { nowMs: 0 });
    expect(removed.map(({ name }) => name)).toEqual(['a1', 'b1', 'b2']);
    expect(queue.queued).toBe(2);
    expect(queue.queuedBytes).toBe(200);
    expect(takeAll(queue)).toEqual(['a2', 'a3']);
  });

  it('removes jobs that waited too long, oldest first, and continues with the rest', () => {
    const queue = new FairQueue<Job>(wide);
    const push = (name: string, arrivedMs: number) =>
      queue.push({
        subscriptionId: 'a',
        job: { name, bytes: 100, arrivedMs },
        limits: atMost(1),
        nowMs: arrivedMs,
      });
    for (const at of [0, 100, 200, 300]) push(`a${at}`, at);
    expect(queue.take(300)?.job.name).toBe('a0');
    const aged = queue.takeAged(
      1_150,
      ({ state }, { arrivedMs }) => 1_150 - arrivedMs >= (state === 'saturated' ? 900 : 5_000),
    );
    expect(aged.map(({ job, state }) => [job.name, state])).toEqual([
      ['a100', 'saturated'],
      ['a200', 'saturated'],
    ]);
    expect(queue.queued).toBe(1);
    queue.finished('a', 1_150);
    expect(queue.take(1_150)?.job.name).toBe('a300');
    expect(queue.takeAged(99_999, () => true)).toEqual([]);
  });

  it('discards unused subscriptions, and only those', () => {
    const queue = new FairQueue<Job>(wide);
    fill(queue, 'idle', { count: 1 });
    fill(queue, 'under-way', { count: 1 });
    takeAll(queue);
    queue.finished('idle', 0);
    queue.forgetUnused(10);
    expect(queue.queues).toBe(1);
    expect(queue.inFlightOf('under-way')).toBe(1);
  });

  it('never exceeds a limit, loses a job or changes the order of a subscription', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('push' as const), subscription: fc.integer({ min: 0, max: 5 }) }),
      fc.record({ kind: fc.constant('take' as const), subscription: fc.constant(0) }),
      fc.record({ kind: fc.constant('finish' as const), subscription: fc.integer({ min: 0, max: 5 }) }),
      fc.record({ kind: fc.constant('wait' as const), subscription: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 6 }), (steps, softCap) => {
        const queue = new FairQueue<Job>({ softCap, hardCap: softCap + 2 });
        const limitsOf = (subscription: number): QueueLimits => ({
          maxInFlight: 1 + (subscription % 3),
          rateLimit: subscription % 2 === 0 ? null : { perSecond: 5, burst: 1 },
        });
        const pushed = new Map<string, number>();
        const taken = new Map<string, number>();
        const under = new Map<string, number>();
        let nowMs = 0;
        const takeOne = () => {
          const next = queue.take(nowMs);
          if (next === undefined) return false;
          const nth = (taken.get(next.subscriptionId) ?? 0) + 1;
          expect(next.job.name).toBe(`${next.subscriptionId}-${nth}`);
          taken.set(next.subscriptionId, nth);
          under.set(next.subscriptionId, (under.get(next.subscriptionId) ?? 0) + 1);
          expect(under.get(next.subscriptionId)).toBeLessThanOrEqual(
            limitsOf(Number(next.subscriptionId)).maxInFlight,
          );
          expect(queue.inFlight).toBeLessThanOrEqual(softCap + 2);
          return true;
        };
        const finishOne = (subscriptionId: string) => {
          if ((under.get(subscriptionId) ?? 0) === 0) return;
          under.set(subscriptionId, (under.get(subscriptionId) ?? 0) - 1);
          queue.finished(subscriptionId, nowMs);
        };
        for (const { kind, subscription } of steps) {
          const subscriptionId = String(subscription);
          if (kind === 'push') {
            const nth = (pushed.get(subscriptionId) ?? 0) + 1;
            pushed.set(subscriptionId, nth);
            const job = { name: `${subscriptionId}-${nth}`, bytes: 100, arrivedMs: nowMs };
            queue.push({ subscriptionId, job, limits: limitsOf(subscription), nowMs });
          } else if (kind === 'take') takeOne();
          else if (kind === 'finish') finishOne(subscriptionId);
          else nowMs += 70;
        }
        for (let round = 0; queue.queued > 0 && round < 10_000; round += 1) {
          nowMs += 200;
          while (takeOne());
          for (const subscriptionId of [...under.keys()]) finishOne(subscriptionId);
        }
        expect(Object.fromEntries(taken)).toEqual(Object.fromEntries(pushed));
      }),
    );
  });
});
