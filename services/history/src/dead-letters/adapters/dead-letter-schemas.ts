import { bodyFormats, deadLetterReasons, triggers } from '@tidings/contracts';
import { type JsonSchema, named, pageSchema } from '@tidings/http';
import { deadLetterKinds, deadLetterStates } from '../domain/dead-letter.ts';
import { jobActions, jobStates } from '../domain/dead-letter-job.ts';
import {
  countsExample,
  deadLetterDetailExample,
  deadLetterExample,
  jobExample,
} from './dead-letter-examples.ts';
import { filterProperties } from './dead-letter-request.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const count = { type: 'integer', minimum: 0 } as const;
const countOrNull = { type: ['integer', 'null'], minimum: 0 } as const;
const time = { type: 'string', format: 'date-time' } as const;
const timeOrNull = { type: ['string', 'null'], format: 'date-time' } as const;

const object = (properties: Readonly<Record<string, JsonSchema>>) =>
  ({ type: 'object', properties, required: Object.keys(properties) }) as const;

const nullable = (properties: Readonly<Record<string, JsonSchema>>) =>
  ({ type: ['object', 'null'], properties, required: Object.keys(properties) }) as const;

const deadLetterFields = object({
  id: text,
  kind: { enum: deadLetterKinds },
  state: { enum: deadLetterStates },
  reason: { enum: deadLetterReasons },
  delivery_id: textOrNull,
  event_id: textOrNull,
  chain: { ...countOrNull, description: 'The run through the schedule that ended here.' },
  event_type: textOrNull,
  subscription_id: textOrNull,
  consumer_id: textOrNull,
  attempt_count: count,
  last_status_code: { type: ['integer', 'null'] },
  last_error: { ...textOrNull, description: 'Why the last attempt failed; null when there was none.' },
  first_error_at: time,
  last_error_at: time,
  recorded_at: time,
  bytes: { ...count, description: 'Of the body.' },
  origin: {
    ...nullable({ topic: text, partition: count, offset: text, group: text, detail: textOrNull }),
    description: 'Where a poison record lay, who could not work on it, and why; null for a delivery.',
  },
  job_id: { ...textOrNull, description: 'The job that has taken it.' },
  redriven_chain: { ...countOrNull, description: 'The chain in which it was sent again.' },
  settled: {
    ...nullable({ at: time, by: text, reason: textOrNull }),
    description: 'When it was sent again or discarded, by which key, and why.',
  },
});

/** A dead letter, in the format of `deadLetterView`. */
export const deadLetterSchema = named('DeadLetter', deadLetterFields, deadLetterExample);

/** A page of dead letters. */
export const deadLetterListSchema = named('DeadLetterPage', pageSchema(deadLetterSchema));

/** A dead letter with its content, in the format of `deadLetterDetailView`. */
export const deadLetterDetailSchema = named(
  'DeadLetterDetail',
  object({
    ...deadLetterSchema.properties,
    command: nullable({
      trigger: { enum: triggers },
      attempt: count,
      position: count,
      format: { enum: bodyFormats },
      ordering_key: textOrNull,
      subscription_version: count,
      accepted_at: time,
    }),
    attempts: {
      type: 'array',
      items: object({
        at: time,
        status_code: { type: ['integer', 'null'] },
        reason: textOrNull,
        duration_ms: count,
      }),
    },
    record: {
      ...nullable({
        key: textOrNull,
        headers: { type: 'object', additionalProperties: { type: 'string' } },
        timestamp: time,
      }),
      description: 'Of a poison record: what it had beside its value.',
    },
    body: {
      ...nullable({
        encoding: { enum: ['utf-8', 'base64'] },
        content: text,
        bytes: count,
        is_truncated: { type: 'boolean' },
      }),
      description: 'The request body, or the value of the poison record; up to 64 KiB of it.',
    },
  }),
  deadLetterDetailExample,
);

/** Counts, in the format of `countsView`. */
export const countsSchema = named(
  'DeadLetterCounts',
  object({
    total: count,
    data: {
      type: 'array',
      items: object({
        kind: { enum: deadLetterKinds },
        reason: { enum: deadLetterReasons },
        state: { enum: deadLetterStates },
        count,
        oldest_at: time,
      }),
    },
  }),
  countsExample,
);

/** A job, in the format of `jobView`. */
export const jobSchema = named(
  'Job',
  object({
    id: text,
    action: { enum: jobActions },
    state: { enum: jobStates },
    filter: { type: 'object', description: 'What it goes over.' },
    rate_per_second: { type: 'number' },
    by: { ...text, description: 'The key that asked for it; `enable` when a subscription was enabled.' },
    reason: textOrNull,
    done: { ...count, description: 'Sent again, or discarded.' },
    delivered: { ...count, description: 'Found to have succeeded since, and left alone.' },
    skipped: { ...count, description: 'Left waiting: their subscription receives nothing.' },
    failed: { ...count, description: 'Could not be read back.' },
    left: { ...count, description: 'Still ahead.' },
    created_at: time,
    ended_at: timeOrNull,
    error: textOrNull,
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

const reasonText = {
  type: 'string',
  minLength: 1,
  maxLength: 500,
  description: 'Says why, for whoever looks at the dead letter later.',
} as const;
const closed = { type: 'object', additionalProperties: false } as const;

const selection = {
  filter: named('DeadLetterFilter', {
    ...closed,
    properties: filterProperties,
    minProperties: 1,
    description: 'Which ones; all of its fields must hold.',
  }),
  all: { type: 'boolean', const: true, description: 'All of them; instead of a filter.' },
  dry_run: { type: 'boolean', default: false, description: 'Only count.' },
} as const;

/** Bodies of the actions on dead letters. */
export const deadLetterBodies = {
  redriveOne: named(
    'RedriveDeadLetter',
    {
      ...closed,
      properties: {
        to_origin: {
          type: 'boolean',
          default: false,
          description: 'Needed for a poison record: it goes back to the topic it came from, as it was.',
        },
      },
    },
    { to_origin: true },
  ),
  discardOne: named(
    'DiscardDeadLetter',
    { ...closed, properties: { reason: reasonText }, required: ['reason'] },
    { reason: 'sent by hand' },
  ),
  redriveMany: (maxRate: number) =>
    named(
      'RedriveDeadLetters',
      {
        ...closed,
        properties: {
          ...selection,
          rate_per_second: {
            type: 'integer',
            minimum: 1,
            maximum: maxRate,
            description: 'At most so many a second. Default: as the operator has set it.',
          },
        },
      },
      { filter: { reason: 'exhausted' }, rate_per_second: 50 },
    ),
  discardMany: named(
    'DiscardDeadLetters',
    { ...closed, properties: { ...selection, reason: reasonText }, required: ['reason'] },
    { all: true, reason: 'the partner has left' },
  ),
} as const;
