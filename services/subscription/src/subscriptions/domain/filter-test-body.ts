import { eventTypeNameMaxLength, eventTypeNamePattern } from '@tidings/contracts';

/** POST …/filters/test: a filter, and either an event or the name of an event type whose example is used. */
export type FilterTestBody = Readonly<{
  filter: Readonly<Record<string, unknown>>;
  event?: Readonly<{ type?: string; data: unknown }>;
  event_type?: string;
}>;

const name = {
  type: 'string',
  pattern: eventTypeNamePattern.source,
  minLength: 1,
  maxLength: eventTypeNameMaxLength,
} as const;

// Other fields of published events and webhook bodies. They are accepted and ignored.
const unused = { type: 'string', maxLength: 256, description: 'Ignored.' } as const;

/** JSON Schema of the body. */
export const filterTestSchema = {
  type: 'object',
  properties: {
    filter: {
      type: 'object',
      additionalProperties: true,
      description: 'A filter, as in `filters` of a subscription.',
    },
    event: {
      type: 'object',
      properties: {
        type: {
          ...name,
          description: 'Event type, with whose schema the filter is compared as well.',
        },
        data: {
          type: ['object', 'array', 'string', 'number', 'boolean', 'null'],
          description: 'Data that the filter is matched against.',
        },
        id: unused,
        source: unused,
        time: unused,
        timestamp: unused,
        consumer_id: unused,
        ordering_key: unused,
      },
      required: ['data'],
      additionalProperties: false,
      'x-field-hints': { payload: 'data', event_type: 'type' },
      description: 'An event as published, or the body of a webhook.',
    },
    event_type: { ...name, description: 'Registered event type whose example is used instead of an event.' },
  },
  required: ['filter'],
  additionalProperties: false,
  'x-field-hints': { data: 'event', payload: 'event', type: 'event_type' },
} as const;
