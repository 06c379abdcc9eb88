import { jobStates } from '@tidings/contracts';
import { type JsonSchema, named, pageSchema } from '@tidings/http';
import { jobKinds } from '../domain/job.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const count = { type: 'integer', minimum: 0 } as const;
const countOrNull = { type: ['integer', 'null'], minimum: 0 } as const;
const time = { type: 'string', format: 'date-time' } as const;
const timeOrNull = { type: ['string', 'null'], format: 'date-time' } as const;

const object = (properties: Readonly<Record<string, JsonSchema>>) =>
  ({ type: 'object', properties, required: Object.keys(properties) }) as const;

/** The example of a job. */
const jobExample = {
  id: 'job_5f0c1d2e3a4b4c5d8e9f0a1b2c3d4e5f',
  kind: 'redrive',
  state: 'running',
  request: { filter: { kind: 'delivery', reasons: ['exhausted'] } },
  requested_by: 'key_shop',
  consumer_id: null,
  created_at: '2026-11-23T08:00:00.000Z',
  started_at: '2026-11-23T08:00:00.041Z',
  ended_at: null,
  progress: { total: 12, done: 7, percent: 58, counts: { redriven: 7 } },
  eta: '2026-11-23T08:00:00.240Z',
  rate_per_second: 50,
  error: null,
} as const;

/** A job, in the format of `jobView`. */
export const jobSchema = named(
  'Job',
  object({
    id: text,
    kind: { enum: jobKinds },
    state: {
      enum: jobStates,
      description:
        '`queued`: no instance has taken it up yet. `paused` and `cancelled` are shown as soon as they were requested; the batch in progress is finished.',
    },
    request: { type: 'object', description: 'What was requested, by kind.' },
    requested_by: {
      ...text,
      description: 'The key that requested it; `enable` if enabling a subscription did.',
    },
    consumer_id: { ...textOrNull, description: 'The consumer of that key; null: the whole workspace.' },
    created_at: time,
    started_at: timeOrNull,
    ended_at: timeOrNull,
    progress: object({
      total: { ...countOrNull, description: 'Null while it is not known.' },
      done: count,
      percent: { ...countOrNull, maximum: 100 },
      counts: {
        type: 'object',
        additionalProperties: count,
        description: 'What became of the units that are done, by kind.',
      },
    }),
    eta: { ...timeOrNull, description: 'Expected end at the recent rate; null unless it is running.' },
    rate_per_second: { type: ['number', 'null'], description: 'The maximum; null: none.' },
    error: { ...textOrNull, description: 'The last error of a failed job.' },
  }),
  jobExample,
);

/** A page of jobs. */
export const jobListSchema = named('JobPage', pageSchema(jobSchema));

/** The response of a dry run. */
export const dryRunSchema = named('DryRun', object({ dry_run: { type: 'boolean', const: true }, count }), {
  dry_run: true,
  count: 12,
});
