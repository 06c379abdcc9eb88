import { eventTypeNamePattern } from '@tidings/contracts';
import { type Principal, queryOf, readTime, timeParameter } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import { tenantScopeOf } from '../../adapters/tenant-scope.ts';
import { bucketRules, bucketStart, type Granularity, granularities } from '../domain/bucket.ts';
import { type Grouping, groupings, type StatisticsQuery } from '../read-statistics.ts';

/** The maximum number of buckets in one answer. */
const maxBuckets = 1_500;

type Given = Readonly<{
  granularity: Granularity;
  from?: string;
  to?: string;
  group_by?: Grouping;
  limit: number;
  subscription_id?: string;
  consumer_id?: string;
  event_type?: string;
}>;

/** The schema of the query. */
export const statisticsQuery = queryOf<Given>({
  granularity: {
    type: 'string',
    enum: granularities,
    default: 'hour',
    description:
      'Length of a bucket. Minutes are kept for 2 days, hours for 30 days, days (UTC) for 400 days.',
  },
  from: timeParameter(
    'Start, rounded down to a bucket. Default: an hour before `to` in minutes, 24 hours in hours, 30 days in days.',
  ),
  to: timeParameter('End, rounded up to a bucket. Default: now.'),
  group_by: {
    type: 'string',
    enum: groupings,
    description: 'Also returns the figures of each consumer, subscription or event type over the whole span.',
  },
  limit: {
    type: 'integer',
    minimum: 1,
    maximum: 1_000,
    default: 100,
    description: 'Maximum number of groups: those with the most attempts.',
  },
  subscription_id: {
    type: 'string',
    pattern: '^sub_[0-9A-Za-z]{1,64}$',
    description: 'Only this subscription.',
  },
  consumer_id: { type: 'string', minLength: 1, maxLength: 128, description: 'Only this consumer.' },
  event_type: {
    type: 'string',
    maxLength: 128,
    pattern: eventTypeNamePattern.source,
    description: 'Only events of this type.',
  },
});

const refused = (pointer: string, detail: string): AppError =>
  new AppError({ code: 'invalid-request', message: detail, details: [{ pointer, detail }] });

type Span = Readonly<{ startMs: number; endMs: number }>;

/** Returns the span of a query, as whole buckets. Throws AppError `invalid-request` for an empty or too long one. */
const spanOf = ({ granularity, from, to }: Given, nowMs: number): Span => {
  const { lengthMs, spanMs } = bucketRules[granularity];
  const toMs = to === undefined ? nowMs : readTime(to, 'to');
  const fromMs = from === undefined ? toMs - spanMs : readTime(from, 'from');
  if (fromMs >= toMs) {
    const detail = `from must be before to, got ${new Date(fromMs).toISOString()} and ${new Date(toMs).toISOString()}.`;
    throw refused('/from', detail);
  }
  const startMs = bucketStart(granularity, fromMs);
  const endMs = bucketStart(granularity, toMs - 1) + lengthMs;
  const buckets = (endMs - startMs) / lengthMs;
  if (buckets <= maxBuckets) return { startMs, endMs };
  const detail = `from and to span ${buckets} buckets of a ${granularity}; the maximum is ${maxBuckets}. Use a longer granularity or a shorter span.`;
  throw refused('/from', detail);
};

/** Parses a query within the scope of a principal. Throws AppError `invalid-request`. */
export const readStatisticsQuery = (given: Given, principal: Principal, nowMs: number): StatisticsQuery => ({
  ...tenantScopeOf(principal),
  ...spanOf(given, nowMs),
  granularity: given.granularity,
  groupBy: given.group_by ?? null,
  limit: given.limit,
  ...(given.subscription_id === undefined ? {} : { subscriptionId: given.subscription_id }),
  ...(given.consumer_id === undefined ? {} : { consumerId: given.consumer_id }),
  ...(given.event_type === undefined ? {} : { eventType: given.event_type }),
});
