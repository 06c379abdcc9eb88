import { eventTypeAudiences, eventTypeStates, schemaModes } from '@tidings/contracts';
import { type JsonSchema, named, pageSchema } from '@tidings/http';
import { compatibilities } from '../domain/event-type.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const time = { type: 'string', format: 'date-time' } as const;
const timeOrNull = { type: ['string', 'null'], format: 'date-time' } as const;
const count = { type: 'integer' } as const;

const object = (properties: Readonly<Record<string, JsonSchema>>) =>
  ({ type: 'object', properties, required: Object.keys(properties) }) as const;

/** Schema of event data in the examples of the API description. */
export const orderSchema = {
  type: 'object',
  properties: { order_id: { type: 'string' }, total: { type: 'number' } },
  required: ['order_id'],
} as const;

const schemaVersion = object({ version: count, created_at: time });

const eventTypeFields = object({
  name: text,
  workspace_id: text,
  description: textOrNull,
  group: textOrNull,
  state: { type: 'string', enum: eventTypeStates },
  mode: { type: 'string', enum: schemaModes },
  audience: { type: 'string', enum: eventTypeAudiences },
  compatibility: {
    type: 'string',
    enum: compatibilities,
    description: 'Schemas with which a new active schema is compared.',
  },
  origin: {
    type: 'string',
    enum: ['registered', 'seen'],
    description:
      '`seen`: an event or a subscription of an open workspace named the type before it was registered.',
  },
  active_schema: { type: ['integer', 'null'], description: 'Version of the active schema.' },
  schema: { type: ['object', 'null'], description: 'The active schema (JSON Schema 2020-12).' },
  schema_versions: { type: 'array', items: schemaVersion },
  example: {
    type: ['object', 'array', 'string', 'number', 'boolean', 'null'],
    description: 'Example of the data, which matches the schema.',
  },
  deprecated_at: timeOrNull,
  sunset_at: timeOrNull,
  version: count,
  created_at: time,
  updated_at: time,
  propagated: {
    type: 'boolean',
    description: 'Whether the topic that ingress reads has acknowledged this version.',
  },
});

/** Schema of an event type as `eventTypeView` returns it. */
export const eventTypeSchema = named('EventType', eventTypeFields, {
  name: 'order.paid',
  workspace_id: 'ws_shop',
  description: 'An order has been paid in full.',
  group: 'orders',
  state: 'active',
  mode: 'enforce',
  audience: 'broadcast',
  compatibility: 'forward',
  origin: 'registered',
  active_schema: 1,
  schema: orderSchema,
  schema_versions: [{ version: 1, created_at: '2026-11-22T10:00:00.000Z' }],
  example: { order_id: 'ord_7', total: 19.9 },
  deprecated_at: null,
  sunset_at: null,
  version: 1,
  created_at: '2026-11-22T10:00:00.000Z',
  updated_at: '2026-11-22T10:00:00.000Z',
  propagated: true,
});

/** Schema of a page of event types. */
export const listSchema = named('EventTypePage', pageSchema(eventTypeSchema));

/** Schema of one schema version of an event type. */
export const schemaVersionSchema = named(
  'EventTypeSchema',
  object({
    version: count,
    created_at: time,
    is_active: { type: 'boolean', description: 'Whether this schema is the active one.' },
    schema: { type: 'object', description: 'JSON Schema 2020-12.' },
  }),
  { version: 1, created_at: '2026-11-22T10:00:00.000Z', is_active: true, schema: orderSchema },
);

/** Schema of an AsyncAPI 3.0 or OpenAPI 3.1 document that contains event types. */
export const catalogueSchema = named(
  'EventTypeDocument',
  { type: 'object', description: 'A document of AsyncAPI 3.0 or OpenAPI 3.1.' },
  {
    asyncapi: '3.0.0',
    info: { title: 'Events of the shop', version: '1' },
    channels: {
      'order.paid': {
        address: 'order.paid',
        messages: { 'order.paid': { name: 'order.paid', payload: orderSchema } },
      },
    },
  },
);
