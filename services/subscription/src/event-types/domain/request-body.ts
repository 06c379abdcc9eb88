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

/** Fields of a type that requests may set, in request form. */
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

/** Body of POST: a new type, with its first schema. */
export type CreateBody = SettingsBody &
  Readonly<{ name: string; schema?: Readonly<Record<string, unknown>> | null }>;

/** Body of PUT: as POST; omitted fields have their defaults. A different schema becomes the next schema version. */
export type ReplaceBody = SettingsBody &
  Readonly<{ schema?: Readonly<Record<string, unknown>> | null; force?: boolean }>;

/** Body of PATCH: a merge patch (RFC 7396). */
export type ChangeBody = SettingsBody & Readonly<{ active_schema?: number | null; force?: boolean }>;

/** Body of POST …/schemas. */
export type SchemaBody = Readonly<{
  schema: Readonly<Record<string, unknown>>;
  example?: unknown;
  /** false: stored but not activated. Default true. */
  activate?: boolean;
  force?: boolean;
}>;

const time = { type: ['string', 'null'], maxLength: 64 } as const;
// Any JSON value. All types are listed because a schema without a type is reported as a mistake.
const anything = {
  type: ['object', 'array', 'string', 'number', 'boolean', 'null'],
  description: 'Example of the data, which matches the schema.',
} as const;
const schema = {
  type: ['object', 'null'],
  description: 'A JSON Schema (2020-12) of the data of events.',
} as const;
const force = {
  type: 'boolean',
  default: false,
  description: 'Accepts changes that can break readers.',
} as const;

const settings = {
  description: {
    type: ['string', 'null'],
    maxLength: limits.descriptionLength,
    description: 'Describes when the event is published.',
  },
  group: {
    type: ['string', 'null'],
    minLength: 1,
    maxLength: limits.groupLength,
    description: 'Group in lists, e.g. all types of one product.',
  },
  mode: {
    type: 'string',
    enum: schemaModes,
    description:
      'Treatment of data that violate the schema: `enforce` rejects them, `warn` accepts them with a warning, `off` does not validate.',
  },
  audience: {
    type: 'string',
    enum: eventTypeAudiences,
    description:
      'Receivers of the events: `broadcast` all consumers, `addressed` the consumer that the event names.',
  },
  compatibility: {
    type: 'string',
    enum: compatibilities,
    description:
      'Schemas with which a new active schema is compared: the previous one (`forward`), every one that was active ' +
      '(`forward_transitive`), or none (`none`).',
  },
  state: {
    type: 'string',
    enum: eventTypeStates,
    description:
      'Ingress rejects events of `archived` types and returns a warning for `deprecated` ones. `draft` types are not shown to consumers.',
  },
  example: anything,
  deprecated_at: {
    ...time,
    description:
      'Time of the deprecation (RFC 3339). Default: the time at which the state becomes deprecated.',
  },
  sunset_at: {
    ...time,
    description: 'Time from which events of the type are no longer published (RFC 3339).',
  },
} as const;

// Defaults of a new type. A test compares them with `defaultSettings`.
const createdSettings = {
  ...settings,
  mode: { ...settings.mode, default: 'enforce' },
  audience: { ...settings.audience, default: 'broadcast' },
  compatibility: { ...settings.compatibility, default: 'forward' },
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

/** JSON Schemas of the request bodies. The use cases check the rules that JSON Schema cannot express. */
export const bodySchemas = {
  create: bodyOf(
    {
      name: {
        type: 'string',
        minLength: 1,
        maxLength: eventTypeNameMaxLength,
        description: 'Name of the type, in lower case with dots, e.g. `order.paid`. It cannot be changed.',
      },
      ...createdSettings,
      state: { ...settings.state, default: 'active' },
      schema,
    },
    ['name'],
    { ...hints, type: 'name', event_type: 'name', schemas: 'schema', json_schema: 'schema' },
  ),
  replace: bodyOf({ ...createdSettings, schema, force }, [], {
    ...hints,
    schemas: 'schema',
    json_schema: 'schema',
  }),
  change: bodyOf({
    ...settings,
    active_schema: {
      type: ['integer', 'null'],
      minimum: 1,
      description: 'Version of the active schema; null: none.',
    },
    force,
  }),
  schema: bodyOf(
    {
      schema: { ...schema, type: 'object' },
      example: anything,
      activate: {
        type: 'boolean',
        default: true,
        description: 'Makes the schema the active one; false only stores it.',
      },
      force,
    },
    ['schema'],
    { json_schema: 'schema', active: 'activate' },
  ),
} as const;
