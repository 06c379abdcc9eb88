import { randomUUID } from 'node:crypto';
import { consumerId, subscriptionId, topics, workspaceId } from '@tidings/contracts';
import { anAttemptRecord } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { FactsToBuckets } from '../../src/statistics/apply-facts.ts';
import { byBucket, granularities } from '../../src/statistics/domain/bucket.ts';
import { type Fact, factOfAttempt } from '../../src/statistics/domain/fact.ts';
import type { BucketCell, BucketQuery, StatisticsStore } from '../../src/statistics/ports.ts';
import { outcomes } from '../builders.ts';
import { withoutLog } from '../events/without-log.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;
const acme = consumerId('acme.$%');
const type = '__proto__.paid';

/** Returns a new workspace, so that several tests can share one store, and facts in it. */
const aWorkspace = () => {
  const workspace = workspaceId(`ws_${randomUUID()}`);
  const nowMs = Date.now();
  const aFact = (offset: number, over: Parameters<typeof anAttemptRecord>[1] = {}): Fact => {
    const attempt = anAttemptRecord(offset, {
      ...{ workspaceId: workspace, consumerId: acme, subscriptionId: subscriptionId('sub_1') },
      ...{ eventType: type, atMs: nowMs, acceptedAtMs: nowMs - 50, durationMs: 0, ...over },
    });
    const fact = factOfAttempt(attempt, {
      topic: topics.attempts.name,
      partition: 3,
      offset: BigInt(offset),
    });
    if (fact === null) throw new Error('this attempt adds nothing');
    return fact;
  };
  const query: BucketQuery = {
    ...{ workspaceId: workspace, ownerId: null, granularity: 'minute', isByRow: false },
    ...{ startMs: nowMs - 10 * minuteMs, endMs: nowMs + minuteMs },
  };
  return { nowMs, aFact, query };
};

const read = async (store: StatisticsStore, query: BucketQuery): Promise<BucketCell[]> => {
  const cells: BucketCell[] = [];
  for await (const cell of store.read(query)) cells.push(cell);
  return cells;
};

/** The behaviour of every store of statistics. */
export const describeStatisticsStore = (name: string, open: () => StatisticsStore): void => {
  describe(`a store of statistics ${name}`, () => {
    it('adds to documents, and returns the cells of consumers or of subscriptions and types', async () => {
      const store = open();
      const { nowMs, aFact, query } = aWorkspace();
      const buckets = new FactsToBuckets(store, withoutLog());
      await buckets.add([aFact(0), aFact(1, { durationMs: 7 })], nowMs);
      const other = { consumerId: null, subscriptionId: subscriptionId('sub_2'), outcome: outcomes.failed };
      await buckets.add([aFact(2), aFact(3, other)], nowMs);
      const counts = (cells: readonly BucketCell[]) =>
        cells.map(({ consumerId: consumer, cell }) => [
          consumer,
          cell.counts.delivered ?? 0,
          cell.counts.failed ?? 0,
        ]);
      const consumers = await read(store, query);
      expect(counts(consumers)).toEqual(
        expect.arrayContaining([
          [acme, 3, 0],
          [null, 0, 1],
        ]),
      );
      const own = consumers.find(({ consumerId: consumer }) => consumer === acme);
      expect([...(own?.cell.histograms.attempt ?? [])].toSorted()).toEqual([
        [-1, 2],
        [20, 1],
      ]);
      const rows = await read(store, { ...query, isByRow: true });
      expect(rows).toHaveLength(2);
      expect(rows).toMatchObject([{ eventType: type }, { eventType: type }]);
      const one = { ...query, isByRow: true, subscriptionId: 'sub_2' };
      expect(await read(store, one)).toMatchObject([{ subscriptionId: 'sub_2', consumerId: null }]);
      expect(await read(store, { ...one, ownerId: acme })).toEqual([]);
      expect(counts(await read(store, { ...query, ownerId: acme }))).toEqual([[acme, 3, 0]]);
    });

    it('applies a change only to the state that it was made for', async () => {
      const store = open();
      const { nowMs, aFact, query } = aWorkspace();
      await new FactsToBuckets(store, withoutLog()).add([aFact(0), aFact(1)], nowMs);
      // Another instance that knows nothing yet, with the end of the same records.
      expect(await new FactsToBuckets(store, withoutLog()).add([aFact(1), aFact(2)], nowMs)).toEqual({
        ...{ written: 3, conflicts: 0 },
      });
      const changed = { cells: new Map(), owners: new Map([['rows.sub_1.c', 'else']]) };
      const stale = byBucket([aFact(9)], nowMs).map(({ bucket }) => ({
        ...{ bucket, expected: 1, offset: 9, changed },
      }));
      expect(await store.apply(stale)).toBe(0);
      expect(await read(store, query)).toMatchObject([{ cell: { counts: { delivered: 3 } } }]);
    });

    it('removes what has expired', async () => {
      const store = open();
      const { nowMs, aFact, query } = aWorkspace();
      await new FactsToBuckets(store, withoutLog()).add([aFact(0)], nowMs);
      expect(await store.purge(nowMs, 500)).toBe(0);
      let removed = 0;
      for (let some = -1; some !== 0; removed += some) some = await store.purge(nowMs + 3 * dayMs, 500);
      expect(removed).toBeGreaterThan(0);
      expect(await read(store, query)).toEqual([]);
      expect(await read(store, { ...query, granularity: 'hour', startMs: nowMs - dayMs })).toHaveLength(1);
    });

    it("removes a workspace's buckets that ended before a time, in steps", async () => {
      const store = open();
      const { nowMs, aFact, query } = aWorkspace();
      const other = aWorkspace();
      await new FactsToBuckets(store, withoutLog()).add(
        [aFact(0, { atMs: nowMs - dayMs }), aFact(1), other.aFact(0)],
        nowMs,
      );
      const { workspaceId } = query;
      const bucketsOf = async (all: BucketQuery) => {
        const counts = [];
        for (const granularity of granularities) {
          counts.push((await read(store, { ...all, granularity, startMs: nowMs - 2 * dayMs })).length);
        }
        return counts;
      };
      expect(await bucketsOf(query)).toEqual([2, 2, 2]);
      expect(await store.purgeOf(workspaceId, nowMs - 5 * minuteMs, 1)).toBe(1);
      await store.purgeOf(workspaceId, nowMs - 5 * minuteMs, 500);
      // The day of yesterday has ended; the buckets that contain that time have not.
      expect(await bucketsOf(query)).toEqual([1, 1, 1]);
      expect(await bucketsOf(other.query)).toEqual([1, 1, 1]);
    });
  });
};
