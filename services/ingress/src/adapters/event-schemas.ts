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

/** What the sender of an event is told. */
export const acceptedSchema = {
  type: 'object',
  properties: { id: { type: 'string' }, type: { type: 'string' }, accepted_at: dateTime },
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
          problem: problemSchema,
        },
        required: ['status'],
      },
    },
  },
  required: ['results'],
} as const;
