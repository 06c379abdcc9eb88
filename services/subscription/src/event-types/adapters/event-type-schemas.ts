import { eventTypeAudiences, eventTypeStates, schemaModes } from '@tidings/contracts';
import type { JsonSchema } from '@tidings/http';
import { compatibilities } from '../domain/event-type.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const time = { type: 'string', format: 'date-time' } as const;
const timeOrNull = { type: ['string', 'null'], format: 'date-time' } as const;
const count = { type: 'integer' } as const;

const object = (properties: Readonly<Record<string, JsonSchema>>) =>
  ({ type: 'object', properties, required: Object.keys(properties) }) as const;

const schemaVersion = object({ version: count, created_at: time });

/** A type as `eventTypeView` writes it. */
export const eventTypeSchema = object({
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
    description: 'What a schema that is to hold is compared with.',
  },
  origin: {
    type: 'string',
    enum: ['registered', 'seen'],
    description: '`seen`: it came up by itself in an open workspace.',
  },
  active_schema: { type: ['integer', 'null'], description: 'Which of the schemas holds.' },
  schema: { type: ['object', 'null'], description: 'The schema that holds (JSON Schema 2020-12).' },
  schema_versions: { type: 'array', items: schemaVersion },
  example: {
    type: ['object', 'array', 'string', 'number', 'boolean', 'null'],
    description: 'Data that satisfy the schema.',
  },
  deprecated_at: timeOrNull,
  sunset_at: timeOrNull,
  version: count,
  created_at: time,
  updated_at: time,
  propagated: {
    type: 'boolean',
    description: 'Whether this version is known to be in force at ingress.',
  },
});

/** A page of types. */
export const listSchema = object({
  data: { type: 'array', items: eventTypeSchema },
  next_cursor: textOrNull,
});

/** One schema of a type. */
export const schemaVersionSchema = object({
  version: count,
  created_at: time,
  is_active: { type: 'boolean' },
  schema: { type: 'object', description: 'JSON Schema 2020-12.' },
});
