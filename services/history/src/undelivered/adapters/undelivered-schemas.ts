import { type JsonSchema, named, queryOf } from '@tidings/http';

const count = { type: 'integer', minimum: 0 } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const time = { type: 'string', format: 'date-time' } as const;

const object = (properties: Readonly<Record<string, JsonSchema>>) =>
  ({ type: 'object', properties, required: Object.keys(properties) }) as const;

/** The query of the counts. */
export const undeliveredQuery = queryOf<
  Readonly<{ consumer_id?: string; subscription_id?: string; limit: number }>
>({
  consumer_id: { type: 'string', minLength: 1, maxLength: 128, description: 'Only those to this consumer.' },
  subscription_id: {
    type: 'string',
    pattern: '^sub_[0-9A-Za-z]{1,64}$',
    description: 'Only those to this subscription.',
  },
  limit: {
    type: 'integer',
    minimum: 1,
    maximum: 1_000,
    default: 100,
    description: 'How many subscriptions to return, those with the most first.',
  },
});

/** The counts, in the format of the route. */
export const undeliveredSchema = named(
  'Undelivered',
  object({
    total: { ...count, description: 'Of all subscriptions, without `limit`.' },
    subscription_count: { ...count, description: 'Number of subscriptions, without `limit`.' },
    is_truncated: {
      type: 'boolean',
      description: 'True if there are more than were counted: then all counts are the least.',
    },
    data: {
      type: 'array',
      items: object({
        subscription_id: { type: 'string' },
        consumer_id: textOrNull,
        count,
        oldest_at: time,
        reasons: {
          type: 'array',
          description: 'The most frequent first.',
          items: object({
            status: { enum: ['pending', 'retrying', 'dead_lettered'] },
            reason: {
              ...textOrNull,
              description: 'Why it waits or ended; null: the next attempt follows by the retry schedule.',
            },
            last_reason: { ...textOrNull, description: 'Why the last attempt failed.' },
            last_status_code: { type: ['integer', 'null'] },
            count,
            oldest_at: {
              ...time,
              description: 'When the first event was accepted; of dead letters, when the first was recorded.',
            },
            next_attempt_at: {
              type: ['string', 'null'],
              format: 'date-time',
              description:
                'When the first of the next attempts is due, while that lies ahead; null: none follows, or the first waits for its turn, for the reason that `reason` names.',
            },
          }),
        },
      }),
    },
  }),
  {
    total: 12,
    subscription_count: 1,
    is_truncated: false,
    data: [
      {
        ...{ subscription_id: 'sub_019aab3cf4007c3d8e4f5a6b7c8d9e0f', consumer_id: 'acme', count: 12 },
        oldest_at: '2026-11-22T10:00:00.000Z',
        reasons: [
          {
            ...{
              status: 'retrying',
              reason: 'breaker-open',
              last_reason: 'http-status',
              last_status_code: 503,
            },
            ...{ count: 12, oldest_at: '2026-11-22T10:00:00.000Z' },
            next_attempt_at: '2026-11-22T10:05:00.000Z',
          },
        ],
      },
    ],
  },
);
