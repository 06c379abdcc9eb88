import { CellSum, type Figures } from './domain/cell.ts';
import type { BucketCell, BucketQuery, StatisticsStore } from './ports.ts';

/** The fields that a group can be of. */
export const groupings = ['consumer', 'subscription', 'event_type'] as const;

/** See {@link groupings}. */
export type Grouping = (typeof groupings)[number];

/** A question to the statistics, in the scope of the caller. */
export type StatisticsQuery = Omit<BucketQuery, 'isByRow'> &
  Readonly<{
    consumerId?: string;
    eventType?: string;
    groupBy: Grouping | null;
    /** The maximum number of groups. */
    limit: number;
  }>;

/** The groups with the most attempts, and the number of all. `key`: null for none, or for types counted together. */
export type Groups = Readonly<{
  count: number;
  top: readonly Readonly<{ key: string | null; figures: Figures }>[];
}>;

/** The answer. Buckets in order of time; those without anything are left out. */
export type Statistics = Readonly<{
  total: Figures;
  buckets: readonly Readonly<{ startMs: number; figures: Figures }>[];
  groups: Groups | null;
}>;

const sumAt = <K>(sums: Map<K, CellSum>, key: K): CellSum => {
  const known = sums.get(key);
  if (known !== undefined) return known;
  const fresh = new CellSum();
  sums.set(key, fresh);
  return fresh;
};

const keyOf = (grouping: Grouping, { consumerId, subscriptionId, eventType }: BucketCell): string | null =>
  ({ consumer: consumerId, subscription: subscriptionId, event_type: eventType })[grouping];

const topOf = (sums: ReadonlyMap<string | null, CellSum>, limit: number): Groups => {
  const size = ([, sum]: readonly [string | null, CellSum]): number => sum.attempts;
  const name = ([key]: readonly [string | null, CellSum]): string => key ?? '';
  const ordered = [...sums].toSorted((a, b) => size(b) - size(a) || (name(a) < name(b) ? -1 : 1));
  const top = ordered.slice(0, limit).map(([key, sum]) => ({ key, figures: sum.figures() }));
  return { count: sums.size, top };
};

/** Sums the buckets of a query: in total, for each bucket, and for each group. */
export const readStatistics = async (
  store: Pick<StatisticsStore, 'read'>,
  { groupBy, limit, consumerId, eventType, ...query }: StatisticsQuery,
): Promise<Statistics> => {
  const total = new CellSum();
  const buckets = new Map<number, CellSum>();
  const groups = new Map<string | null, CellSum>();
  const isByRow =
    query.subscriptionId !== undefined ||
    eventType !== undefined ||
    (groupBy !== null && groupBy !== 'consumer');
  for await (const one of store.read({ ...query, isByRow })) {
    if (consumerId !== undefined && one.consumerId !== consumerId) continue;
    if (eventType !== undefined && one.eventType !== eventType) continue;
    total.add(one.cell);
    sumAt(buckets, one.startMs).add(one.cell);
    // What concerns no subscription is in no group of them.
    const isOutside = groupBy === 'subscription' && one.subscriptionId === null;
    if (groupBy !== null && !isOutside) sumAt(groups, keyOf(groupBy, one)).add(one.cell);
  }
  return {
    total: total.figures(),
    buckets: [...buckets]
      .toSorted(([a], [b]) => a - b)
      .map(([startMs, sum]) => ({ startMs, figures: sum.figures() })),
    groups: groupBy === null ? null : topOf(groups, limit),
  };
};
