import type { Figures } from '../domain/cell.ts';
import type { Grouping, Statistics, StatisticsQuery } from '../read-statistics.ts';

const isoTime = (ms: number): string => new Date(ms).toISOString();

const figuresView = ({ quantiles, attempts, successRate, ...counts }: Figures): object => ({
  accepted: counts.accepted,
  attempts,
  delivered: counts.delivered,
  failed: counts.failed,
  dead_lettered: counts.dead_lettered,
  suppressed: counts.suppressed,
  success_rate: successRate,
  attempt_ms: quantiles.attempt,
  accept_to_delivered_ms: quantiles.accept_to_delivered,
});

const keyNames: Readonly<Record<Grouping, string>> = {
  consumer: 'consumer_id',
  subscription: 'subscription_id',
  event_type: 'event_type',
};

/** Formats the answer to a query. */
export const statisticsView = (
  { granularity, startMs, endMs, groupBy }: StatisticsQuery,
  { total, buckets, groups }: Statistics,
): object => ({
  from: isoTime(startMs),
  to: isoTime(endMs),
  granularity,
  group_by: groupBy,
  total: figuresView(total),
  buckets: buckets.map(({ startMs: atMs, figures }) => ({ at: isoTime(atMs), ...figuresView(figures) })),
  groups:
    groups === null || groupBy === null
      ? null
      : groups.top.map(({ key, figures }) => ({ [keyNames[groupBy]]: key, ...figuresView(figures) })),
  group_count: groups === null ? null : groups.count,
});
