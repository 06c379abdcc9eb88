import { type JsonSchema, named } from '@tidings/http';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const count = (description: string) => ({ type: 'integer', minimum: 0, description }) as const;
const time = (description: string) => ({ type: 'string', format: 'date-time', description }) as const;
const timeOrNull = (description: string) =>
  ({ type: ['string', 'null'], format: 'date-time', description }) as const;
const properties = (fields: Readonly<Record<string, JsonSchema>>) =>
  ({ properties: fields, required: Object.keys(fields) }) as const;
const object = (fields: Readonly<Record<string, JsonSchema>>) =>
  ({ type: 'object', ...properties(fields) }) as const;
const listOrNull = (fields: Readonly<Record<string, JsonSchema>>, description: string) =>
  ({ type: ['array', 'null'], items: object(fields), description }) as const;

const oldest = timeOrNull('Time in the log of the oldest of them.');

const breaker = object({
  subscription_id: text,
  workspace_id: text,
  consumer_id: textOrNull,
  state: { enum: ['open', 'half_open'] },
  since: time('Time from which the endpoint has failed.'),
  probe_at: time('Time of the next probe, if a webhook is due.'),
});
const breakerExample = {
  subscription_id: 'sub_019aab3cf4007c3d8e4f5a6b7c8d9e0f',
  ...{ workspace_id: 'ws_demo', consumer_id: 'acme', state: 'open' },
  ...{ since: '2026-11-22T09:58:00.000Z', probe_at: '2026-11-22T10:00:20.000Z' },
};

/** Circuit breakers, in the format of `breakersView`. */
export const breakersSchema = named(
  'CircuitBreakers',
  object({
    data: {
      type: 'array',
      items: breaker,
      description: 'Those that have failed longest first. An endpoint whose breaker is closed is left out.',
    },
  }),
  { data: [breakerExample] },
);

/** The state of the system, in the format of `systemView`. */
export const systemSchema = named(
  'System',
  object({
    at: time('Time at which the state was read.'),
    hops: listOrNull(
      {
        name: { ...text, description: 'fanout, delivery, events, history, dead-letters or endpoint-health.' },
        group: { ...text, description: 'The consumer group.' },
        topic: text,
        lag: count('Records that the group has not finished.'),
        oldest_at: oldest,
      },
      'The steps of the pipeline, in the order of an event.',
    ),
    retries: listOrNull(
      {
        topic: text,
        delay_seconds: count('Time for which a command waits in the topic.'),
        waiting: count('Commands in the topic.'),
        due: count('Those that have waited long enough.'),
        oldest_at: oldest,
      },
      'The retry topics, shortest delay first.',
    ),
    oldest_undelivered_at: timeOrNull(
      'Time of acceptance of the oldest event that is not delivered, by the first record of each partition of the events, commands and retries.',
    ),
    breakers: {
      type: ['object', 'null'],
      ...properties({
        open: count('Endpoints that get no requests until their probe.'),
        half_open: count('Endpoints whose next request is a probe.'),
        data: {
          type: 'array',
          items: breaker,
          description: 'Up to 100 of them, those that have failed longest first.',
        },
      }),
      description: 'Circuit breakers that are not closed.',
    },
    dead_letters: listOrNull(
      {
        kind: text,
        reason: text,
        waiting: count('Dead letters that wait or are being redriven.'),
        oldest_at: oldest,
      },
      'The dead letters of all workspaces.',
    ),
    jobs: listOrNull({ kind: text, state: text, count: count('Jobs.') }, 'The jobs that have not ended.'),
    errors: {
      type: 'array',
      items: object({ part: text, detail: text }),
      description: 'Parts that could not be read.',
    },
  }),
  {
    at: '2026-11-22T10:00:00.000Z',
    hops: [
      {
        ...{ name: 'fanout', group: 'tidings-fanout', topic: 'tidings.events', lag: 12 },
        oldest_at: '2026-11-22T09:59:59.980Z',
      },
    ],
    retries: [
      {
        ...{ topic: 'tidings.retry.1m', delay_seconds: 60, waiting: 3, due: 0 },
        oldest_at: '2026-11-22T09:59:20.000Z',
      },
    ],
    oldest_undelivered_at: '2026-11-22T09:59:15.000Z',
    breakers: {
      ...{ open: 1, half_open: 0 },
      data: [breakerExample],
    },
    dead_letters: [
      { kind: 'delivery', reason: 'exhausted', waiting: 2, oldest_at: '2026-11-21T10:00:00.000Z' },
    ],
    jobs: [{ kind: 'redrive', state: 'running', count: 1 }],
    errors: [],
  },
);
