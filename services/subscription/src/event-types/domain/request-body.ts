import {
  type EventTypeAudience,
  type EventTypeState,
  eventTypeAudiences,
  eventTypeNameMaxLength,
  eventTypeStates,
  type SchemaMode,
  schemaModes,
} from '@tidings/contracts';
import { type Compatibility, compatibilities } from './event-type.ts';
import { limits } from './limits.ts';

/** The fields of a type that people may write, as they stand in a request. */
export type SettingsBody = Readonly<{
  description?: string | null;
  group?: string | null;
  mode?: SchemaMode;
  audience?: EventTypeAudience;
  compatibility?: Compatibility;
  state?: EventTypeState;
  /** null: none. */
  example?: unknown;
  deprecated_at?: string | null;
  sunset_at?: string | null;
}>;

/** POST: a new type, with its first schema. */
export type CreateBody = SettingsBody &
  Readonly<{ name: string; schema?: Readonly<Record<string, unknown>> | null }>;

/** PUT: as POST; what is left out gets its default. A schema that is another becomes the next version. */
export type ReplaceBody = SettingsBody &
  Readonly<{ schema?: Readonly<Record<string, unknown>> | null; force?: boolean }>;

/** PATCH: a merge patch (RFC 7396). */
export type ChangeBody = SettingsBody & Readonly<{ active_schema?: number | null; force?: boolean }>;

/** POST …/schemas. */
export type SchemaBody = Readonly<{
  schema: Readonly<Record<string, unknown>>;
  example?: unknown;
  /** false: kept for later. Default true. */
  activate?: boolean;
  force?: boolean;
}>;

const time = { type: ['string', 'null'], maxLength: 64 } as const;
// Anything at all. Given as types, since a schema without one is taken for a mistake.
const anything = {
  type: ['object', 'array', 'string', 'number', 'boolean', 'null'],
  description: 'Data that satisfy the schema.',
} as const;
const schema = {
  type: ['object', 'null'],
  description: 'A JSON Schema (2020-12) of the data of events.',
} as const;
const force = {
  type: 'boolean',
  description: 'Do it although readers may break.',
} as const;

const settings = {
  description: { type: ['string', 'null'], maxLength: limits.descriptionLength },
  group: { type: ['string', 'null'], minLength: 1, maxLength: limits.groupLength },
  mode: { type: 'string', enum: schemaModes },
  audience: { type: 'string', enum: eventTypeAudiences },
  compatibility: {
    type: 'string',
    enum: compatibilities,
    description:
      'What a schema that is to hold is compared with: the one before (`forward`), every one that has held ' +
      '(`forward_transitive`), or nothing (`none`).',
  },
  state: { type: 'string', enum: eventTypeStates },
  example: anything,
  deprecated_at: { ...time, description: 'RFC 3339. Default: when the state becomes deprecated.' },
  sunset_at: { ...time, description: 'RFC 3339. When events of the type are to end.' },
} as const;

const hints = { archived: 'state', deprecated: 'state', group_name: 'group' } as const;

const bodyOf = (
  properties: Readonly<Record<string, object>>,
  required: readonly string[] = [],
  fieldHints: object = hints,
) =>
  ({
    type: 'object',
    properties,
    required,
    additionalProperties: false,
    'x-field-hints': fieldHints,
  }) as const;

/** JSON Schemas of the bodies. What they cannot say is checked by the use cases. */
export const bodySchemas = {
  create: bodyOf(
    { name: { type: 'string', minLength: 1, maxLength: eventTypeNameMaxLength }, ...settings, schema },
    ['name'],
    { ...hints, type: 'name', event_type: 'name', schemas: 'schema', json_schema: 'schema' },
  ),
  replace: bodyOf({ ...settings, schema, force }, [], { ...hints, schemas: 'schema', json_schema: 'schema' }),
  change: bodyOf({
    ...settings,
    active_schema: {
      type: ['integer', 'null'],
      minimum: 1,
      description: 'Which schema is to hold; null: none.',
    },
    force,
  }),
  schema: bodyOf(
    { schema: { ...schema, type: 'object' }, example: anything, activate: { type: 'boolean' }, force },
    ['schema'],
    { json_schema: 'schema', active: 'activate' },
  ),
} as const;
