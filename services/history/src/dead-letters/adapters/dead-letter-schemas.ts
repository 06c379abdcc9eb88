import { bodyFormats, deadLetterReasons, triggers } from '@tidings/contracts';
import { type JsonSchema, named, pageSchema } from '@tidings/http';
import { deadLetterKinds, deadLetterStates } from '../domain/dead-letter.ts';
import { countsExample, deadLetterDetailExample, deadLetterExample } from './dead-letter-examples.ts';
import { filterProperties } from './dead-letter-request.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const count = { type: 'integer', minimum: 0 } as const;
const countOrNull = { type: ['integer', 'null'], minimum: 0 } as const;
const time = { type: 'string', format: 'date-time' } as const;

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
  chain: {
    ...countOrNull,
    description: 'The pass through the retry schedule that ended with this dead letter.',
  },
  event_type: textOrNull,
  subscription_id: textOrNull,
  consumer_id: textOrNull,
  attempt_count: count,
  last_status_code: { type: ['integer', 'null'] },
  last_error: { ...textOrNull, description: 'Reason of the last failed attempt; null if there was none.' },
  first_error_at: time,
  last_error_at: time,
  recorded_at: time,
  bytes: { ...count, description: 'Size of the body.' },
  erased: { type: 'boolean', description: 'Whether its body is erased: then it cannot be redriven.' },
  origin: {
    ...nullable({ topic: text, partition: count, offset: text, group: text, detail: textOrNull }),
    description:
      'Position of the poison record, the consumer group that could not process it, and the error; null for a delivery.',
  },
  job_id: { ...textOrNull, description: 'The job that has claimed it.' },
  redriven_chain: { ...countOrNull, description: 'The chain in which it was redriven.' },
  settled: {
    ...nullable({ at: time, by: text, reason: textOrNull }),
    description: 'Time at which it was redriven or discarded, the key, and the reason.',
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
      description: 'Key, headers and timestamp of a poison record.',
    },
    body: {
      ...nullable({
        encoding: { enum: ['utf-8', 'base64'] },
        content: text,
        bytes: count,
        is_truncated: { type: 'boolean' },
      }),
      description: 'The request body, or the value of the poison record, up to 64 KiB.',
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

const reasonText = {
  type: 'string',
  minLength: 1,
  maxLength: 500,
  description: 'Reason, stored with the dead letter.',
} as const;
const closed = { type: 'object', additionalProperties: false } as const;

const selection = {
  filter: named('DeadLetterFilter', {
    ...closed,
    properties: filterProperties,
    minProperties: 1,
    description: 'Selects dead letters; all fields must match.',
  }),
  all: { type: 'boolean', const: true, description: 'Selects all dead letters, instead of a filter.' },
  dry_run: { type: 'boolean', default: false, description: 'Counts the dead letters without changing them.' },
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
          description: 'Required for a poison record, which is sent back to its topic unchanged.',
        },
      },
    },
    { to_origin: true },
  ),
  discardOne: named(
    'DiscardDeadLetter',
    { ...closed, properties: { reason: reasonText }, required: ['reason'] },
    { reason: 'sent manually' },
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
            description: 'Maximum number a second. Default: set by the operator.',
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
