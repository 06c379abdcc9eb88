import { errorDetailSchema, type JsonSchema, named, problemSchema } from '@tidings/http';
import { maxBatchEvents } from '../config.ts';
import { eventRequestSchema } from '../domain/event-request.ts';

const dateTime = { type: 'string', format: 'date-time' } as const;

const { properties } = eventRequestSchema;

/** Schema of a submitted event: the validated schema, with descriptions. */
export const eventSchema = named('Event', {
  ...eventRequestSchema,
  properties: {
    type: {
      ...properties.type,
      description: 'Name of the event type. `tidings.*` and `webhook.test` are reserved.',
    },
    data: { description: 'Any JSON, nested at most 128 levels deep. Stored and delivered byte for byte.' },
    id: {
      ...properties.id,
      description: 'Id chosen by the caller: a repeat with the same id is the same event.',
    },
    source: { ...properties.source, description: 'Where the event comes from.' },
    time: {
      ...properties.time,
      format: 'date-time',
      description: 'Time of the event. Default: the time of the request.',
    },
    consumer_id: {
      ...properties.consumer_id,
      description:
        'The only consumer that receives the event. Default: all matching subscriptions receive it.',
    },
    ordering_key: {
      ...properties.ordering_key,
      description: 'Events with the same key are delivered in order to subscriptions with `ordering`.',
    },
  } satisfies Record<keyof typeof properties, JsonSchema>,
});

/** Example of an event. */
export const eventExample = {
  type: 'order.paid',
  data: { order_id: 'ord_7', total: 19.9 },
  ordering_key: 'ord_7',
} as const;

/** Schema of a batch. */
export const batchSchema = named('EventBatch', {
  type: 'object',
  properties: {
    events: {
      type: 'array',
      items: eventSchema,
      minItems: 1,
      maxItems: maxBatchEvents,
      description: 'The events, each in the form of a single event.',
    },
  },
  required: ['events'],
  additionalProperties: false,
});

/** Schema of a stream of lines. */
export const linesSchema = named('EventLines', {
  type: 'string',
  description: 'One event a line, as JSON without line feeds; blank lines are passed over.',
});

const warnings = {
  type: 'array',
  description: 'Faults in the data of an event whose type has the mode `warn`.',
  items: errorDetailSchema,
} as const;

const accepted = {
  id: {
    type: 'string',
    description: 'Id of the event in every response and delivery, `evt_…`.',
    examples: ['evt_0199f8a27b3c7d2e8f4a5b6c7d8e9f00'],
  },
  type: { type: 'string' },
  accepted_at: dateTime,
  warnings,
} as const;

const acceptedExample = {
  id: 'evt_019aab3cf4007c3d8e4f5a6b7c8d9e0f',
  type: 'order.paid',
  accepted_at: '2026-11-22T10:00:00.000Z',
} as const;

/** Schema of the response to an event. */
export const acceptedSchema = named(
  'AcceptedEvent',
  {
    type: 'object',
    properties: accepted,
    required: ['id', 'type', 'accepted_at'],
  },
  acceptedExample,
);

/** Schema of the response to a batch, with one result per event, in their order. */
export const batchResultSchema = named(
  'EventBatchResult',
  {
    type: 'object',
    properties: {
      results: {
        type: 'array',
        description:
          'One result for each event, in their order. For lines: the first 1,000 that were not accepted.',
        items: {
          type: 'object',
          properties: {
            line: { type: 'integer', description: 'Of lines: the number of the line, from 1.' },
            status: { type: 'integer', description: '202, or the status of the problem.' },
            ...accepted,
            deprecated_at: dateTime,
            sunset_at: dateTime,
            problem: problemSchema,
          },
          required: ['status'],
        },
      },
      accepted: { type: 'integer', description: 'Of lines: how many were accepted.' },
      refused: { type: 'integer', description: 'Of lines: how many were not.' },
      stopped: {
        type: 'object',
        description: 'Of lines: the first one that was not read, and why. Send those from there on again.',
        properties: { line: { type: 'integer' }, status: { type: 'integer' }, problem: problemSchema },
        required: ['line', 'status', 'problem'],
      },
    },
    required: ['results'],
  },
  { results: [{ status: 202, ...acceptedExample }] },
);

/** Example results of a batch in which one event was rejected. */
export const mixedResultExample = {
  results: [
    { status: 202, ...acceptedExample },
    {
      status: 422,
      problem: {
        ...{ type: '/problems/unprocessable', title: 'Not acceptable as it is', status: 422 },
        ...{ detail: "'tidings.x' is reserved", code: 'unprocessable' },
        errors: [{ pointer: '/events/1/type', detail: "'tidings.x' is reserved" }],
      },
    },
  ],
} as const;
