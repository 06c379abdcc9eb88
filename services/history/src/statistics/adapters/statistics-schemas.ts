import { type JsonSchema, named } from '@tidings/http';
import { granularities } from '../domain/bucket.ts';
import { groupings } from '../read-statistics.ts';

const count = (description: string) => ({ type: 'integer', minimum: 0, description }) as const;
const time = (description: string) => ({ type: 'string', format: 'date-time', description }) as const;
const object = (properties: Readonly<Record<string, JsonSchema>>, description?: string) =>
  ({
    type: 'object',
    properties,
    required: Object.keys(properties),
    ...(description === undefined ? {} : { description }),
  }) as const;

const ms = { type: ['number', 'null'], minimum: 0 } as const;
const quantiles = named('Quantiles', {
  ...object({ p50: ms, p95: ms, p99: ms }),
  description: 'Milliseconds, each within 5 % of the exact value; null where nothing was measured.',
});

const figures = {
  accepted: count('Accepted events. Of one subscription always 0.'),
  attempts: count('Requests to endpoints: `delivered` and `failed`.'),
  delivered: count('Attempts that got a 2xx.'),
  failed: count('Attempts that did not.'),
  dead_lettered: count('Deliveries that ended undelivered.'),
  suppressed: count('Deliveries that ended without need for an attempt.'),
  success_rate: {
    type: ['number', 'null'],
    minimum: 0,
    maximum: 1,
    description: '`delivered` by `attempts`; null without attempts.',
  },
  attempt_ms: quantiles,
  accept_to_delivered_ms: quantiles,
} as const;

const key = { type: ['string', 'null'] } as const;

const exampleFigures = {
  ...{ accepted: 1_200, attempts: 1_260, delivered: 1_190, failed: 70, dead_lettered: 2, suppressed: 0 },
  ...{ success_rate: 0.9444, attempt_ms: { p50: 38.9, p95: 128.8, p99: 317.3 } },
  accept_to_delivered_ms: { p50: 47.5, p95: 5_301.6, p99: 64_811.9 },
} as const;

/** The answer, in the format of `statisticsView`. */
export const statisticsSchema = named(
  'Statistics',
  object({
    from: time('Start of the first bucket.'),
    to: time('End of the last bucket.'),
    granularity: { enum: granularities },
    group_by: { enum: [...groupings, null] },
    total: object(figures),
    buckets: {
      type: 'array',
      items: object({ at: time('Start of the bucket.'), ...figures }),
      description: 'In order of time. A bucket without anything is left out.',
    },
    groups: {
      type: ['array', 'null'],
      items: {
        type: 'object',
        properties: {
          consumer_id: { ...key, description: 'With `group_by=consumer`; null: without a consumer.' },
          subscription_id: { ...key, description: 'With `group_by=subscription`.' },
          event_type: {
            ...key,
            description: 'With `group_by=event_type`; null: the types that are counted together.',
          },
          ...figures,
        },
        required: Object.keys(figures),
      },
      description: 'By number of attempts; null without `group_by`.',
    },
    group_count: { type: ['integer', 'null'], minimum: 0, description: 'Number of groups, without `limit`.' },
  }),
  {
    ...{ from: '2026-11-22T09:00:00.000Z', to: '2026-11-22T10:00:00.000Z', granularity: 'hour' },
    ...{ group_by: 'event_type', total: exampleFigures },
    buckets: [{ at: '2026-11-22T09:00:00.000Z', ...exampleFigures }],
    groups: [{ event_type: 'order.paid', ...exampleFigures }],
    group_count: 1,
  },
);
