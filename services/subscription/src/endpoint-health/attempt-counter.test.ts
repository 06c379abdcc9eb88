import {
  type AttemptRecorded,
  encodeAttempt,
  newEventId,
  type SubscriptionId,
  topics,
  workspaceId,
} from '@tidings/contracts';
import type { PartitionRunner, Producer } from '@tidings/kafka';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { createMetrics } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { eventually } from '@tidings/testing';
import { anAttemptRecord } from '@tidings/testing/messages';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { nextId } from '../../test/a-subscription.ts';
import { MemoryHealthStore } from '../../test/memory/memory-health-store.ts';
import { metricsCatalogue } from '../metrics.ts';
import { consumeAttempts } from './adapters/kafka-attempts.ts';
import type { ApplyHealthTransitions } from './apply-health-transitions.ts';
import { AttemptCounter } from './attempt-counter.ts';

const { handles } = createMetrics(metricsCatalogue, { service: 'subscription', nodeMetrics: false });

const anAttempt = (
  subscriptionId: SubscriptionId,
  overrides: Partial<AttemptRecorded> = {},
): AttemptRecorded =>
  anAttemptRecord(1, {
    eventId: newEventId(1_000),
    workspaceId: workspaceId('ws_own'),
    subscriptionId,
    atMs: 5_000,
    acceptedAtMs: 4_000,
    outcome: { kind: 'failed', reason: 'timeout', statusCode: null, responseExcerpt: null },
    ...overrides,
  });
const delivered: AttemptRecorded['outcome'] = { kind: 'delivered', statusCode: 200, responseExcerpt: null };

describe('counting attempts', () => {
  // Production commits offsets once a second; these tests commit as soon as they wait.
  let clock: FakeClock;
  let bus: MemoryBus;
  let producer: Producer;
  let health: MemoryHealthStore;
  let published: string[];
  let applyTransitions: ApplyHealthTransitions;
  beforeEach(async () => {
    published = [];
    applyTransitions = async (all) => {
      published.push(...[...all.values()].flat().map(({ kind }) => kind));
      return new Map();
    };
    clock = fakeClock();
    bus = createMemoryBus({ clock });
    producer = await bus.producer();
    health = new MemoryHealthStore();
  });

  async function startCounting(group = 'g'): Promise<{ counter: AttemptCounter; runner: PartitionRunner }> {
    const counter = new AttemptCounter({
      health,
      countedVersionOf: () => 1,
      policyOf: () => ({ disableAfterFailures: 10, disableAfterMs: 1_000_000 }),
      applyTransitions: async (all) => applyTransitions(all),
      metrics: handles,
    });
    const runner = await consumeAttempts(bus, counter, group);
    onTestFinished(async () => runner.close({ drainMs: 0 }));
    return { counter, runner };
  }
  const publish = async (...attempts: AttemptRecorded[]): Promise<void> => {
    for (const attempt of attempts) {
      await producer.publish({ topic: topics.attempts, ...encodeAttempt(attempt, null) });
    }
  };
  /** Waits until a runner has received the published records, which linger for up to a second. */
  const brought = async (check: () => void): Promise<void> =>
    eventually(async () => {
      await clock.advance(1_000);
      check();
    });
  const settle = async (runner: PartitionRunner, counter: AttemptCounter): Promise<void> =>
    eventually(async () => {
      await counter.flush();
      await clock.advance(1_000);
      const [lag] = await Promise.all([bus.lag('g', [topics.attempts])]);
      expect(runner.pending()).toBe(0);
      expect(lag.reduce((sum, { lagRecords }) => sum + lagRecords, 0n)).toBe(0n);
    });

  it('sums the attempts of each endpoint, with one write for many attempts', async () => {
    const [failing, well] = [nextId(), nextId()];
    const { counter, runner } = await startCounting();
    const many = Array.from({ length: 50 }, () => anAttempt(failing));
    await publish(...many, anAttempt(well), anAttempt(well, { outcome: delivered }));
    await settle(runner, counter);
    expect(await health.find(failing)).toMatchObject({ failureCount: 50, lastDeliveryAtMs: null });
    expect((await health.find(failing))?.rev).toBeLessThan(50);
    expect(await health.find(well)).toMatchObject({ failureCount: 0, lastDeliveryAtMs: 5_000 });
  });

  it('does not count tests and outcomes without an attempt, and completes their records', async () => {
    const id = nextId();
    const { counter, runner } = await startCounting();
    await publish(
      anAttempt(id, { trigger: 'test' }),
      anAttempt(id, { outcome: { kind: 'deferred', reason: 'breaker-open' } }),
      anAttempt(id, { outcome: { kind: 'suppressed', reason: 'subscription-deleted' } }),
    );
    await settle(runner, counter);
    expect(await health.find(id)).toBeNull();
  });

  it('has the same counts when the topic is read again from its beginning', async () => {
    const id = nextId();
    const first = await startCounting();
    await publish(anAttempt(id, { outcome: delivered }), anAttempt(id), anAttempt(id));
    await settle(first.runner, first.counter);
    const before = await health.find(id);
    const again = await startCounting('another');
    await brought(() => expect(again.runner.pending()).toBeGreaterThan(0));
    await again.counter.flush();
    expect(await health.find(id)).toEqual(before);
    expect(before).toMatchObject({ failureCount: 2, lastDeliveryAtMs: 5_000 });
  });

  it('completes a record only after the write, and loses none while the database is unavailable', async () => {
    const id = nextId();
    const { counter, runner } = await startCounting();
    const findMany = health.findMany.bind(health);
    health.findMany = async () => {
      throw new AppError({ code: 'unavailable', message: 'no database' });
    };
    await publish(anAttempt(id), anAttempt(id));
    await brought(() => expect(runner.pending()).toBe(2));
    await expect(counter.flush()).rejects.toThrow('no database');
    expect(runner.pending()).toBe(2);
    health.findMany = findMany;
    await publish(anAttempt(id, { atMs: 7_000 }));
    await settle(runner, counter);
    expect(await health.find(id)).toMatchObject({ failureCount: 3, lastFailureAtMs: 7_000 });
  });

  it('repeats a write on top of the revision of another instance', async () => {
    const id = nextId();
    const { counter, runner } = await startCounting();
    const write = health.write.bind(health);
    health.write = async (all) => {
      health.write = write;
      await write(all.map((one) => ({ ...one, positions: [{ partition: 99, offset: 1 }], failureCount: 4 })));
      return false;
    };
    await publish(anAttempt(id));
    await settle(runner, counter);
    expect(await health.find(id)).toMatchObject({ failureCount: 5, rev: 2 });
  });

  it('reads the document of an endpoint once, and again after another writer changed it', async () => {
    const id = nextId();
    const { counter, runner } = await startCounting();
    const findMany = health.findMany.bind(health);
    let reads = 0;
    health.findMany = async (wanted) => {
      reads += wanted.length;
      return findMany(wanted);
    };
    for (let batch = 0; batch < 2; batch += 1) {
      await publish(anAttempt(id));
      await settle(runner, counter);
    }
    expect(reads).toBe(1);
    const stored = await health.find(id);
    if (stored !== null) await health.write([{ ...stored, failureCount: 7, rev: stored.rev + 1 }]);
    await publish(anAttempt(id));
    await settle(runner, counter);
    expect(await health.find(id)).toMatchObject({ failureCount: 8 });
    expect(reads).toBe(2);
  });

  it('reads the document again if another member owned the partition in between', async () => {
    const id = nextId();
    const { counter, runner } = await startCounting();
    await publish(...Array.from({ length: 9 }, () => anAttempt(id)));
    await settle(runner, counter);
    const stored = await health.find(id);
    if (stored === null) throw new Error('nothing was counted');
    await health.write([{ ...stored, failureCount: 0, alert: 'none', rev: stored.rev + 1 }]);
    for (const { partition } of runner.assigned()) {
      counter.revoked(partition);
      counter.assigned({
        topic: topics.attempts.name,
        partition,
        committedOffset: 0n,
        lowOffset: 0n,
        highOffset: 10n,
      });
    }
    published = [];
    await publish(anAttempt(id));
    await settle(runner, counter);
    // With the previous counts this failure would be the tenth in a row.
    expect(published).toEqual([]);
    expect(await health.find(id)).toMatchObject({ failureCount: 1 });
  });

  it('publishes each transition once, even if the topic is read again from its beginning', async () => {
    const id = nextId();
    const { counter, runner } = await startCounting();
    await publish(...Array.from({ length: 12 }, () => anAttempt(id)));
    await settle(runner, counter);
    expect(published).toEqual(['failing', 'disabled']);
    const again = await startCounting('another');
    await brought(() => expect(again.runner.pending()).toBeGreaterThan(0));
    await again.counter.flush();
    expect(published).toHaveLength(2);
  });

  it('neither counts attempts nor completes their records until their transition is published', async () => {
    const id = nextId();
    const { counter, runner } = await startCounting();
    const works = applyTransitions;
    applyTransitions = async () => {
      throw new AppError({ code: 'unavailable', message: 'no brokers' });
    };
    await publish(...Array.from({ length: 4 }, () => anAttempt(id)));
    await brought(() => expect(runner.pending()).toBe(4));
    await expect(counter.flush()).rejects.toThrow('no brokers');
    expect([runner.pending(), await health.find(id)]).toEqual([4, null]);
    applyTransitions = works;
    await settle(runner, counter);
    expect(published).toEqual(['failing']);
    expect(await health.find(id)).toMatchObject({ failureCount: 4, alert: 'failing' });
  });

  it('counts a large number of attempts of one endpoint in parts', async () => {
    const id = nextId();
    const sizes: number[] = [];
    applyTransitions = async (all) => {
      sizes.push([...all.values()].flat().length);
      return new Map();
    };
    const { counter, runner } = await startCounting();
    const exhausted = { next: { kind: 'dead-letter', reason: 'exhausted' } } as const;
    await publish(...Array.from({ length: 1_200 }, () => anAttempt(id, exhausted)));
    await settle(runner, counter);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(502);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(1_202);
    expect(await health.find(id)).toMatchObject({ failureCount: 1_200 });
  });
});
