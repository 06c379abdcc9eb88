import { silentLogger } from '@tidings/observability';
import { fakeClock } from '@tidings/runtime/testing';
import { aSubscriptionRecord } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { aDeadLetterJob, aDeadLetterSpace } from '../../test/dead-letters/dead-letter-builders.ts';
import { createMemoryDeadLetterStore } from '../../test/dead-letters/memory-dead-letter-store.ts';
import { createMemoryDeliveryStore } from '../../test/deliveries/memory-delivery-store.ts';
import { createMemoryJobStore } from '../../test/jobs/memory-job-store.ts';
import { JobKinds, type RunKind } from '../jobs/job-kind.ts';
import { JobRunner } from '../jobs/job-runner.ts';
import { deadLetterKinds } from './dead-letter-kinds.ts';

const setUp = async (count: number, ratePerSecond: number) => {
  const clock = fakeClock();
  const [deadLetters, jobs] = [createMemoryDeadLetterStore(), createMemoryJobStore()];
  const { deadLetter, scope, workspace, subscription } = aDeadLetterSpace();
  await deadLetters.insert(Array.from({ length: count }, () => deadLetter()));
  const checkpoint = [{ partition: 0, next: 0, end: count + 1 }];
  const spec = { filters: scope, reason: null };
  const job = aDeadLetterJob({ workspaceId: workspace, spec, ratePerSecond, checkpoint });
  await jobs.insert(job);
  const sentAtMs: number[] = [];
  const known = aSubscriptionRecord({ id: subscription, workspaceId: workspace });
  const newRunner = ({ isDead = false } = {}) => {
    const kinds = new JobKinds();
    const parts = {
      deadLetters,
      deliveries: createMemoryDeliveryStore(),
      journal: {
        redrive: async (some: readonly unknown[]) => {
          for (const _ of some) sentAtMs.push(clock.nowMs());
          // Records that a killed process has sent remain sent; nothing follows them.
          if (isDead) await new Promise(() => {});
        },
        settle: async () => {},
      },
      subscriptions: new Map([[subscription, known]]),
      readEnds: async () => new Map([[0, { end: count + 1, stored: count + 1 }]]),
      isReady: () => true,
      requestView: () => ({}),
      clock,
    };
    for (const kind of deadLetterKinds(parts)) kinds.register(kind as RunKind);
    const orders = { publish: async () => {}, retire: async () => {} };
    const rest = { onBatchDone: () => {}, onRound: () => {} };
    // A killed process does not renew its claim either.
    const renew = async (...args: Parameters<typeof jobs.renew>) => !isDead && jobs.renew(...args);
    return new JobRunner({
      ...{ jobs: { ...jobs, renew }, kinds, orders, clock, logger: silentLogger },
      ...rest,
      onEnded: () => {},
    });
  };
  return { clock, deadLetters, jobs, sentAtMs, newRunner };
};

describe('jobs over dead letters', () => {
  it.each([7, 50, 1_000])('never sends faster than %i a second, and not much slower', async (rate) => {
    const count = rate * 3;
    const { clock, sentAtMs, newRunner } = await setUp(count, rate);
    newRunner().wake();
    for (let ms = 0; ms < 3_400; ms += 10) await clock.advance(10);
    expect(sentAtMs).toHaveLength(count);
    const batch = Math.min(100, Math.ceil(rate / 5));
    for (const atMs of sentAtMs) {
      const within = sentAtMs.filter((other) => other >= atMs && other < atMs + 1_000).length;
      expect(within).toBeLessThanOrEqual(rate + batch);
    }
  });

  it('passes a job to the next run after 15 s without a heartbeat, in the same chains', async () => {
    const { clock, deadLetters, jobs, sentAtMs, newRunner } = await setUp(20, 50);
    newRunner({ isDead: true }).wake();
    await clock.advance(10);
    expect(sentAtMs).toHaveLength(10);
    const next = newRunner();
    next.wake();
    await clock.advance(14_000);
    expect(sentAtMs).toHaveLength(10);
    for (let ms = 0; ms < 6_000; ms += 100) await clock.advance(100);
    expect(jobs.all()).toMatchObject([{ state: 'done', counts: { redriven: 20 } }]);
    expect(sentAtMs).toHaveLength(30);
    expect(deadLetters.all().every(({ state, taken }) => state === 'redriven' && taken?.chain === 1)).toBe(
      true,
    );
  });
});
