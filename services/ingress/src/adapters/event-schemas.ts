import { problemSchema } from '@tidings/http';
import { maxBatchEvents } from '../config.ts';
import { eventRequestSchema } from '../domain/event-request.ts';

const dateTime = { type: 'string', format: 'date-time' } as const;

/** An event as it is sent in. */
export const eventSchema = eventRequestSchema;

/** Many events. */
export const batchSchema = {
  type: 'object',
  properties: { events: { type: 'array', items: eventSchema, minItems: 1, maxItems: maxBatchEvents } },
  required: ['events'],
  additionalProperties: false,
} as const;

const warnings = {
  type: 'array',
  items: {
    type: 'object',
    properties: { pointer: { type: 'string' }, detail: { type: 'string' } },
    required: ['pointer', 'detail'],
  },
} as const;

/** What the sender of an event is told. `warnings`: what is wrong with data of a type that only warns. */
export const acceptedSchema = {
  type: 'object',
  properties: { id: { type: 'string' }, type: { type: 'string' }, accepted_at: dateTime, warnings },
  required: ['id', 'type', 'accepted_at'],
} as const;

/** What the sender of a batch is told, event by event in their order. */
export const batchResultSchema = {
  type: 'object',
  properties: {
    results: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          status: { type: 'integer' },
          ...acceptedSchema.properties,
          deprecated_at: dateTime,
          sunset_at: dateTime,
          problem: problemSchema,
        },
        required: ['status'],
      },
    },
  },
  required: ['results'],
} as const;
