import { maxRunAttempts, runAttemptOutcomes, runFailureReasons, runStatuses } from '@tidings/contracts';
import { type JsonSchema, named, pageSchema } from '@tidings/http';
import { cancelFilterProperties, retryFilterProperties } from './run-query.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const count = { type: 'integer', minimum: 0 } as const;
const time = { type: 'string', format: 'date-time' } as const;
const timeOrNull = { type: ['string', 'null'], format: 'date-time' } as const;

const object = (properties: Readonly<Record<string, JsonSchema>>) =>
  ({ type: 'object', properties, required: Object.keys(properties) }) as const;
const orNull = (schema: JsonSchema, description: string) =>
  ({ oneOf: [schema, { type: 'null' }], description }) as const;

const summaryProperties = {
  id: text,
  app: { ...text, description: 'The worker application that carries the run out.' },
  handler: { ...text, description: 'The handler in it that the event started.' },
  status: {
    enum: runStatuses,
    description:
      'waiting: nothing happens before `waiting_until`. completed: every step that the handler demands has succeeded. failed: a step failed for good, and its compensations have ended.',
  },
  event_id: { ...text, description: 'The event that started it.' },
  event_type: text,
  consumer_id: { ...textOrNull, description: 'The consumer that the event is addressed to.' },
  ordering_key: textOrNull,
  started_at: time,
  changed_at: time,
  ended_at: timeOrNull,
  waiting_until: timeOrNull,
  retries: { ...count, description: 'How often the failed run was retried.' },
  step_counts: {
    ...object({ waiting: count, succeeded: count, failed: count, undone: count }),
    description:
      'The number of steps by status, compensations included; steps that have not ended an attempt are not counted.',
  },
  failure: orNull(
    object({
      reason: { enum: runFailureReasons },
      step: { ...textOrNull, description: 'The step that failed, or that the application does not have.' },
      message: { ...textOrNull, description: 'The error, or what to do; null if it is erased.' },
    }),
    'Set as soon as a step has failed for good, while compensations still run.',
  ),
  cancelled: orNull(object({ by: text, reason: textOrNull }), 'Who cancelled it, and why.'),
  erased: {
    type: 'boolean',
    description: 'True if results, errors and the ordering key are erased with the data of the event.',
  },
} as const;

const attemptSchema = object({
  attempt: { type: 'integer', minimum: 1 },
  started_at: time,
  duration_ms: count,
  outcome: { enum: runAttemptOutcomes },
  error: textOrNull,
});

const stepSchema = object({
  name: { ...text, description: 'The name of a compensation is that of its step with `:compensate`.' },
  kind: { enum: ['step', 'compensation'] },
  status: {
    enum: ['waiting', 'succeeded', 'failed', 'undone'],
    description: 'waiting: it is attempted again at `retry_at`. undone: it was compensated and runs again.',
  },
  attempt_count: count,
  attempts: {
    type: 'array',
    items: attemptSchema,
    description: `The newest ${maxRunAttempts}, oldest first.`,
  },
  retry_at: timeOrNull,
  result: { description: 'What the step returned; null before it succeeded, and if it is erased.' },
});

const example = {
  ...{ id: 'run_5f0c1d2e3a4b4c5d8e9f0a1b2c3d4e5f', app: 'shop', handler: 'order.paid', status: 'waiting' },
  ...{ event_id: 'evt_019aab3cf4007c3d8e4f5a6b7c8d9e0f', event_type: 'order.paid', consumer_id: null },
  ...{ ordering_key: 'order-1042', started_at: '2026-11-30T12:00:00.000Z' },
  ...{ changed_at: '2026-11-30T12:00:00.250Z', ended_at: null, waiting_until: '2026-11-30T12:00:30.250Z' },
  ...{ retries: 0, step_counts: { waiting: 1, succeeded: 1, failed: 0, undone: 0 } },
  ...{ failure: null, cancelled: null, erased: false },
} as const;

const attemptExample = { attempt: 1, started_at: '2026-11-30T12:00:00.000Z', duration_ms: 40 } as const;

const summarySchema = named('RunSummary', object(summaryProperties), example);

/** A run with its steps. */
export const runSchema = named(
  'Run',
  object({
    ...summaryProperties,
    steps: {
      type: 'array',
      items: stepSchema,
      description: 'Steps that have ended an attempt, in the order in which they began.',
    },
  }),
  {
    ...example,
    steps: [
      {
        ...{ name: 'mark-paid', kind: 'step', status: 'succeeded', attempt_count: 1 },
        attempts: [{ ...attemptExample, outcome: 'succeeded', error: null }],
        ...{ retry_at: null, result: { paid: true } },
      },
      {
        ...{ name: 'make-invoice', kind: 'step', status: 'waiting', attempt_count: 1 },
        attempts: [{ ...attemptExample, outcome: 'failed', error: 'The invoice service answered 503.' }],
        ...{ retry_at: '2026-11-30T12:00:30.250Z', result: null },
      },
    ],
  },
);

/** A page of runs. */
export const runPageSchema = named('RunPage', pageSchema(summarySchema), {
  data: [example],
  next_cursor: null,
});

const cancelReason = {
  type: 'string',
  minLength: 1,
  maxLength: 500,
  description: 'Shown with the run.',
} as const;

/** The body of a cancellation. */
export const cancelRunBody = named(
  'CancelRun',
  { type: 'object', properties: { reason: cancelReason }, additionalProperties: false },
  { reason: 'The order was placed twice.' },
);

const manyBody = (
  name: string,
  properties: Readonly<Record<'filter', JsonSchema> & Partial<Record<'reason', JsonSchema>>>,
  { maxRate, example }: Readonly<{ maxRate: number; example: object }>,
) =>
  named(
    name,
    {
      type: 'object',
      properties: {
        ...properties,
        all: { const: true, description: 'All of them, in place of a filter.' },
        rate_per_second: {
          type: 'integer',
          minimum: 1,
          maximum: maxRate,
          description: 'Maximum number a second. Default: set by the operator.',
        },
        dry_run: { type: 'boolean', default: false, description: 'Counts the runs without a change.' },
      },
      additionalProperties: false,
    },
    example,
  );

const filterOf = (properties: Readonly<Record<string, JsonSchema>>) =>
  ({
    type: 'object',
    properties,
    additionalProperties: false,
    minProperties: 1,
    description: 'Selects runs as the list does; all fields must match.',
  }) as const;

/** The body of a retry of many runs. */
export const retryRunsBody = (maxRate: number) =>
  manyBody(
    'RetryRuns',
    { filter: filterOf(retryFilterProperties) },
    { maxRate, example: { filter: { app: 'shop', step: 'make-invoice' }, rate_per_second: 50 } },
  );

/** The body of a cancellation of many runs. */
export const cancelRunsBody = (maxRate: number) =>
  manyBody(
    'CancelRuns',
    { filter: filterOf(cancelFilterProperties), reason: cancelReason },
    { maxRate, example: { filter: { app: 'shop' }, reason: 'The shop is closed.' } },
  );
