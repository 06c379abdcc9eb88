import { consumerId, eventId, subscriptionId, topics, workspaceId } from '@tidings/contracts';
import { anAttemptRecord } from '@tidings/testing/messages';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomes } from '../../test/builders.ts';
import { withoutLog } from '../../test/events/without-log.ts';
import {
  createMemoryStatisticsStore,
  type MemoryStatisticsStore,
} from '../../test/statistics/memory-statistics-store.ts';
import { FactsToBuckets } from './apply-facts.ts';
import { windowRecords } from './domain/attempt-window.ts';
import { maxRows } from './domain/count-facts.ts';
import { type Fact, factOfAttempt, factOfEvent } from './domain/fact.ts';
import { KnownAttempts } from './known-attempts.ts';
import { readStatistics, type StatisticsQuery } from './read-statistics.ts';

const hourMs = 3_600_000;
const nowMs = Date.UTC(2026, 10, 22, 12);
const workspace = workspaceId('ws_demo');
const position = (partition: number, offset: number) => ({
  ...{ topic: topics.attempts.name, partition, offset: BigInt(offset) },
});

type Over = Parameters<typeof anAttemptRecord>[1];

const factAt = (partition: number, offset: number, over: Over = {}): Fact => {
  const attempt = anAttemptRecord(offset, {
    ...{ atMs: nowMs - 60_000, acceptedAtMs: nowMs - 61_000, ...over },
  });
  const fact = factOfAttempt(attempt, position(partition, offset));
  if (fact === null) throw new Error('this attempt adds nothing');
  return fact;
};

const add = async (store: MemoryStatisticsStore, ...batches: (readonly Fact[])[]): Promise<void> => {
  const buckets = new FactsToBuckets(store, withoutLog());
  for (const batch of batches) await buckets.add(batch, nowMs);
};

const read = async (store: MemoryStatisticsStore, over: Partial<StatisticsQuery> = {}) =>
  readStatistics(store, {
    ...{ workspaceId: workspace, ownerId: null, granularity: 'hour', groupBy: null, limit: 5_000 },
    ...{ startMs: nowMs - 24 * hourMs, endMs: nowMs + hourMs, ...over },
  });

const kinds = [outcomes.delivered, outcomes.failed, outcomes.suppressed, outcomes.setAside] as const;
/** The records of three partitions, each with its offsets in order. */
const logs = fc
  .array(
    fc.record({
      partition: fc.nat(2),
      kind: fc.nat(3),
      subscription: fc.nat(3),
      type: fc.constantFrom('order.paid', 'order.sent', '$odd.__proto__'),
      ageMs: fc.nat(30 * hourMs),
      durationMs: fc.nat(100_000),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((records) => {
    const partitions: Fact[][] = [[], [], []];
    for (const { partition, kind, subscription, type, ageMs, durationMs } of records) {
      const facts = partitions[partition] ?? [];
      facts.push(
        factAt(partition, facts.length, {
          subscriptionId: subscriptionId(`sub_p${partition}n${subscription}`),
          consumerId: subscription === 0 ? null : consumerId(`c.${subscription}`),
          ...{ eventType: type, durationMs, atMs: nowMs - ageMs, acceptedAtMs: nowMs - ageMs - 1_000 },
          outcome: kinds[kind] ?? outcomes.delivered,
        }),
      );
    }
    return partitions;
  });

const inOrder = (partitions: readonly (readonly Fact[])[]): readonly Fact[] => partitions.flat();

describe('documents in use', () => {
  /** A store that counts the documents that it is asked for. */
  const counting = () => {
    const store = createMemoryStatisticsStore();
    const asked: number[] = [];
    const open: MemoryStatisticsStore['open'] = async (buckets) => {
      asked.push(buckets.length);
      return store.open(buckets);
    };
    return {
      asked,
      buckets: new FactsToBuckets({ apply: async (all) => store.apply(all), open }, withoutLog()),
    };
  };
  const factsOf = (partition: number, from: number, count: number): readonly Fact[] =>
    Array.from({ length: count }, (_, n) =>
      factAt(partition, from + n, {
        subscriptionId: subscriptionId(`sub_${n}`),
        consumerId: consumerId(`c${n}`),
      }),
    );

  it('count the cells that the last batch may change, in all granularities', async () => {
    const { buckets } = counting();
    await buckets.add(factsOf(0, 0, 5), nowMs);
    expect(buckets.cells).toBe(3 * 2 * 5);
    await buckets.add(factsOf(1, 0, 1), nowMs);
    expect(buckets.cells).toBe(3 * 2);
  });

  it('are kept while they are changed, and others forgotten where all are many', async () => {
    const { asked, buckets } = counting();
    await buckets.add(factsOf(0, 0, 10_000), nowMs);
    await buckets.add(factsOf(1, 0, 1), nowMs);
    await buckets.add(factsOf(1, 1, 1), nowMs);
    expect(asked).toEqual([3, 3]);
    await buckets.add(factsOf(0, 10_000, 1), nowMs);
    expect(asked).toEqual([3, 3, 3]);
  });
});

describe('FactsToBuckets', () => {
  it('gives the same documents for any batches, interleaving of partitions, and repeats', async () => {
    await fc.assert(
      fc.asyncProperty(
        logs,
        fc.infiniteStream(fc.nat(2)),
        fc.integer({ min: 1, max: 7 }),
        async (partitions, next, size) => {
          const live = createMemoryStatisticsStore();
          const buckets = new FactsToBuckets(live, withoutLog());
          const positions = [0, 0, 0];
          while (positions.some((at, p) => at < (partitions[p]?.length ?? 0))) {
            const p = next.next().value as number;
            const at = positions[p] ?? 0;
            // As after a restart: begins before what was stored already.
            const from = Math.max(0, at - size);
            await buckets.add((partitions[p] ?? []).slice(from, at + size), nowMs);
            positions[p] = at + size;
          }
          const rebuilt = createMemoryStatisticsStore();
          await add(rebuilt, inOrder(partitions));
          expect(live.all()).toEqual(rebuilt.all());
        },
      ),
      { numRuns: 60 },
    );
  });

  it('adds a record once that two instances write, or one after an unknown result', async () => {
    const store = createMemoryStatisticsStore();
    const [former, owner] = [
      new FactsToBuckets(store, withoutLog()),
      new FactsToBuckets(store, withoutLog()),
    ];
    const facts = [0, 1, 2, 3].map((offset) => factAt(1, offset));
    await former.add(facts.slice(0, 2), nowMs);
    await owner.add(facts.slice(1, 3), nowMs);
    expect(await former.add(facts.slice(2), nowMs)).toMatchObject({ conflicts: 3 });
    store.failNext(new Error('the connection was closed'));
    await expect(owner.add([factAt(1, 4)], nowMs)).rejects.toThrow('closed');
    await owner.add([factAt(1, 4)], nowMs);
    // A partition that was lost and assigned again before the first records were written.
    await owner.add(
      [5, 6, 5, 6].map((offset) => factAt(1, offset)),
      nowMs,
    );
    expect((await read(store)).total).toMatchObject({ delivered: 7 });
  });

  it('counts an attempt once that the log has at several offsets, as a rebuild does, also after a restart', async () => {
    // The number of an attempt is its place among different ones: 3 and 5 are repeated, one of them twice.
    const attempts = [0, 1, 2, 3, 4, 3, 5, 6, 5, 7, 5];
    const log = attempts.map((n, offset) => ({ ...factAt(2, offset), attempt: `dlv_${n}.0.1` }));
    const reads: object[] = [];
    const overLog = () =>
      new KnownAttempts({
        read: async (range, onAttempt) => {
          reads.push(range);
          for (const { attempt, offset } of log.slice(range.from, range.until)) onAttempt(attempt, offset);
        },
      });
    const whole = createMemoryStatisticsStore();
    await new FactsToBuckets(whole, overLog()).add(log, nowMs);
    expect((await read(whole)).total).toMatchObject({ delivered: 8 });
    // A crash in every place: the next process knows nothing but the log, and repeats what was not committed.
    for (let crash = 1; crash < log.length; crash += 1) {
      for (const committed of [crash, Math.max(0, crash - 3)]) {
        const store = createMemoryStatisticsStore();
        await new FactsToBuckets(store, overLog()).add(log.slice(0, crash), nowMs);
        const next = new FactsToBuckets(store, overLog());
        for (const fact of log.slice(committed)) await next.add([fact], nowMs);
        expect((await read(store)).total).toMatchObject({ delivered: 8 });
      }
    }
    // Once for each process and partition.
    expect(reads).toHaveLength(1 + 4 * (log.length - 1));
  });

  it('recognises a repeat after a failed write, and after the partition came back', async () => {
    const store = createMemoryStatisticsStore();
    const log = [0, 1, 0, 2, 0].map((n, offset) => ({ ...factAt(2, offset), attempt: `dlv_${n}.0.1` }));
    const attempts = new KnownAttempts({
      read: async ({ from, until }, onAttempt) => {
        for (const { attempt, offset } of log.slice(from, until)) onAttempt(attempt, offset);
      },
    });
    const buckets = new FactsToBuckets(store, attempts);
    await buckets.add(log.slice(0, 2), nowMs);
    store.failNext(new Error('the connection was closed'));
    await expect(buckets.add(log.slice(2, 4), nowMs)).rejects.toThrow('closed');
    await buckets.add(log.slice(2, 4), nowMs);
    attempts.forget(2);
    await buckets.add(log.slice(4), nowMs);
    expect((await read(store)).total).toMatchObject({ delivered: 3 });
  });

  it('recognises repeats within a bounded number of records', async () => {
    const counted = async (distance: number) => {
      const store = createMemoryStatisticsStore();
      const others = Array.from({ length: distance - 1 }, (_, n) =>
        factAt(0, n + 1, { eventType: 'order.sent' }),
      );
      const [first, last] = [0, distance].map((offset) => ({ ...factAt(0, offset), attempt: 'dlv_0.0.1' }));
      await add(
        store,
        [first, ...others, last].filter((fact) => fact !== undefined),
      );
      return (await read(store)).total.delivered - others.length;
    };
    expect(await counted(windowRecords)).toBe(1);
    expect(await counted(windowRecords + 1)).toBe(2);
  });

  it('counts outcomes, and what is none in nothing', async () => {
    const store = createMemoryStatisticsStore();
    const exhausted = {
      outcome: outcomes.failed,
      next: { kind: 'dead-letter', reason: 'exhausted' },
    } as const;
    await add(store, [
      factAt(0, 0, { durationMs: 100 }),
      factAt(0, 1, { durationMs: 100, chain: 1, trigger: 'redrive', acceptedAtMs: nowMs - 48 * hourMs }),
      factAt(0, 2, { outcome: outcomes.failed, next: { kind: 'retry', atMs: nowMs }, durationMs: 100 }),
      factAt(0, 3, { ...exhausted, durationMs: 100 }),
      factAt(0, 4, { outcome: outcomes.setAside }),
      factAt(0, 5, { outcome: outcomes.suppressed }),
      factOfEvent(
        { workspaceId: workspace, consumerId: null, type: 'order.paid', acceptedAtMs: nowMs - 1_000 },
        { topic: topics.events.name, partition: 0, offset: 0n },
      ),
    ]);
    const { total } = await read(store);
    expect(total).toMatchObject({
      ...{
        accepted: 1,
        attempts: 4,
        delivered: 2,
        failed: 2,
        dead_lettered: 2,
        suppressed: 1,
        successRate: 0.5,
      },
    });
    expect(Math.abs((total.quantiles.attempt.p99 ?? 0) - 100)).toBeLessThanOrEqual(5);
    // From acceptance to the end of the response; of the redriven one it says nothing.
    expect(Math.abs((total.quantiles.accept_to_delivered.p99 ?? 0) - 1_100)).toBeLessThanOrEqual(55);
    const none = [
      { outcome: outcomes.deferred },
      { trigger: 'test' },
      { outcome: { kind: 'suppressed', reason: 'duplicate-command' } },
    ] as const;
    for (const over of none) expect(factOfAttempt(anAttemptRecord(1, over), position(0, 6))).toBeNull();
  });

  it('reads by bucket, group and filter, and only in the scope', async () => {
    const store = createMemoryStatisticsStore();
    const acme = consumerId('acme');
    const [first, second] = [subscriptionId('sub_first'), subscriptionId('sub_second')];
    await add(store, [
      factAt(0, 0, { subscriptionId: first, consumerId: acme, eventType: 'a' }),
      factAt(0, 1, { subscriptionId: first, consumerId: acme, eventType: 'b', atMs: nowMs - 3 * hourMs }),
      factAt(0, 2, { subscriptionId: first, consumerId: acme, eventType: 'b', atMs: nowMs - 3 * hourMs }),
      factAt(1, 0, { subscriptionId: second, eventType: 'a' }),
      factAt(1, 1, { subscriptionId: second, eventType: 'a', workspaceId: workspaceId('ws_other') }),
    ]);
    const all = await read(store, { groupBy: 'subscription' });
    expect(all.total.delivered).toBe(4);
    expect(all.buckets.map(({ figures }) => figures.delivered)).toEqual([2, 2]);
    expect(all.groups).toMatchObject({ count: 2, top: [{ key: first }, { key: second }] });
    const byType = await read(store, { groupBy: 'event_type', subscriptionId: first });
    expect(byType.groups?.top.map(({ key, figures }) => [key, figures.delivered])).toEqual([
      ['b', 2],
      ['a', 1],
    ]);
    expect((await read(store, { eventType: 'a' })).total.delivered).toBe(2);
    expect((await read(store, { groupBy: 'consumer' })).groups?.top).toMatchObject([
      { key: 'acme' },
      { key: null },
    ]);
    expect((await read(store, { limit: 1, groupBy: 'consumer' })).groups).toMatchObject({
      count: 2,
      top: [{}],
    });
    const own = { ownerId: acme };
    expect((await read(store, own)).total.delivered).toBe(3);
    expect((await read(store, { ...own, groupBy: 'subscription' })).groups?.count).toBe(1);
    expect((await read(store, { ...own, subscriptionId: second })).total.delivered).toBe(0);
    expect((await read(store, { ...own, consumerId: 'other' })).total.delivered).toBe(0);
    const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
    for (const granularity of ['minute', 'day'] as const) {
      const { buckets } = await read(store, { granularity });
      expect(sum(buckets.map(({ figures }) => figures.delivered))).toBe(4);
    }
  });

  it('counts types beyond the bound of a document together', async () => {
    const store = createMemoryStatisticsStore();
    const facts = Array.from({ length: maxRows + 5 }, (_, n) => factAt(0, n, { eventType: `t.${n}` }));
    await add(store, facts.slice(0, 1_000), facts.slice(1_000));
    const { groups, total } = await read(store, { groupBy: 'event_type' });
    expect(total.delivered).toBe(maxRows + 5);
    // One of the cells is that of the consumer.
    expect(groups?.count).toBe(maxRows);
    expect(groups?.top[0]).toMatchObject({ key: null, figures: { delivered: 6 } });
    const later = createMemoryStatisticsStore();
    await add(later, facts);
    expect(later.all()).toEqual(store.all());
  });

  it('keeps each granularity for its time, and adds nothing to what has passed', async () => {
    const store = createMemoryStatisticsStore();
    const old = factAt(0, 0, { atMs: nowMs - 3 * 24 * hourMs, eventId: eventId(`evt_${'0'.repeat(32)}`) });
    await add(store, [old]);
    expect(Object.keys(store.all()).map((id) => id.split('/')[1])).toEqual(['day', 'hour']);
    expect(await store.purge(nowMs + 28 * 24 * hourMs, 500)).toBe(1);
    expect(Object.keys(store.all()).map((id) => id.split('/')[1])).toEqual(['day']);
    expect(await store.purge(nowMs + 401 * 24 * hourMs, 500)).toBe(1);
  });
});
