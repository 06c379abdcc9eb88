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
      description: 'The name of what happened. `tidings.*` and `webhook.test` are reserved.',
    },
    data: { description: 'Any JSON, nested at most 128 deep. Kept and delivered byte for byte.' },
    id: { ...properties.id, description: 'An id of your own: a repeat with it is the same event.' },
    source: { ...properties.source, description: 'Where it happened.' },
    time: {
      ...properties.time,
      format: 'date-time',
      description: 'When it happened; now when it is left out.',
    },
    consumer_id: {
      ...properties.consumer_id,
      description: 'The one partner it is for. Without it, it is for all that subscribe.',
    },
    ordering_key: {
      ...properties.ordering_key,
      description: 'Events with one key keep their order at subscriptions that ask for it.',
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
      description: 'The events, each as it would be published alone.',
    },
  },
  required: ['events'],
  additionalProperties: false,
});

const warnings = {
  type: 'array',
  description: 'What is wrong with data of a type that only warns.',
  items: errorDetailSchema,
} as const;

const accepted = {
  id: {
    type: 'string',
    description: 'The id of the event everywhere, `evt_…`.',
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
        description: 'One for each event, in their order.',
        items: {
          type: 'object',
          properties: {
            status: { type: 'integer', description: '202, or that of the problem.' },
            ...accepted,
            deprecated_at: dateTime,
            sunset_at: dateTime,
            problem: problemSchema,
          },
          required: ['status'],
        },
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
