import {
  decodeEventType,
  type EventTypeAudience,
  encodeEventType,
  eventTypeAudiences,
  type SchemaMode,
  schemaModes,
  topics,
} from '@tidings/contracts';
import { defineDocuments } from '../registry/define-documents.ts';
import { exactly, shape } from '../registry/domain/document-schema.ts';
import {
  type Compatibility,
  compatibilities,
  type EventType,
  familiesOf,
  recordOf,
} from './domain/event-type.ts';

/** Fields of an event type in MongoDB. Times are epoch milliseconds. */
type EventTypeFields = Readonly<{
  name: string;
  /** Prefixes by which `order.*` is looked up. */
  families: readonly string[];
  origin: EventType['origin'];
  description: string | null;
  group: string | null;
  mode: SchemaMode;
  audience: EventTypeAudience;
  compatibility: Compatibility;
  example_json: string | null;
  schemas: readonly Readonly<{
    version: number;
    schema_json: string;
    created_at_ms: number;
    has_held: boolean;
  }>[];
  active_schema: number | null;
  deprecated_at_ms: number | null;
  sunset_at_ms: number | null;
}>;

/** Document kind of event types. */
export const eventTypeKind = defineDocuments<EventType, EventTypeFields>({
  name: 'event_type',
  title: 'event type',
  states: ['draft', 'active', 'deprecated', 'archived', 'deleted'],
  collection: 'event_types',
  topic: topics.eventTypes,
  keyPrefix: '',
  fields: {
    name: shape.text,
    families: { type: 'array', items: shape.text },
    origin: { enum: ['registered', 'seen'] },
    description: shape.nullableText,
    group: shape.nullableText,
    mode: { enum: schemaModes },
    audience: { enum: eventTypeAudiences },
    compatibility: { enum: compatibilities },
    example_json: shape.nullableText,
    schemas: {
      type: 'array',
      items: exactly({
        version: { type: 'integer', minimum: 1 },
        schema_json: shape.text,
        created_at_ms: shape.count,
        has_held: shape.flag,
      }),
    },
    active_schema: { type: ['integer', 'null'], minimum: 1 },
    deprecated_at_ms: shape.nullableCount,
    sunset_at_ms: shape.nullableCount,
  },
  indexes: [
    { workspace_id: 1, name: 1 },
    { workspace_id: 1, families: 1 },
  ],
  schemaVersion: 2,
  steps: {
    // Schema version 1 did not record which schemas were active while published, so readers may use any of them.
    1: (document) => ({
      ...document,
      compatibility: 'forward',
      schemas: (document['schemas'] as readonly object[]).map((schema) => ({ ...schema, has_held: true })),
    }),
  },
  toFields: ({ settings, ...eventType }) => ({
    name: eventType.name,
    families: familiesOf(eventType.name),
    origin: eventType.origin,
    description: settings.description,
    group: settings.group,
    mode: settings.mode,
    audience: settings.audience,
    compatibility: settings.compatibility,
    example_json: settings.exampleJson,
    schemas: eventType.schemas.map(({ version, schemaJson, createdAtMs, hasHeld }) => ({
      version,
      schema_json: schemaJson,
      created_at_ms: createdAtMs,
      has_held: hasHeld,
    })),
    active_schema: eventType.activeSchema,
    deprecated_at_ms: settings.deprecatedAtMs,
    sunset_at_ms: settings.sunsetAtMs,
  }),
  fromFields: (document) => ({
    id: document._id,
    name: document.name,
    state: document.state as EventType['state'],
    origin: document.origin,
    settings: {
      description: document.description,
      group: document.group,
      mode: document.mode,
      audience: document.audience,
      compatibility: document.compatibility,
      exampleJson: document.example_json,
      deprecatedAtMs: document.deprecated_at_ms,
      sunsetAtMs: document.sunset_at_ms,
    },
    schemas: document.schemas.map(({ version, schema_json, created_at_ms, has_held }) => ({
      version,
      schemaJson: schema_json,
      createdAtMs: created_at_ms,
      hasHeld: has_held,
    })),
    activeSchema: document.active_schema,
  }),
  encode: (eventType) => encodeEventType(recordOf(eventType)),
  recordInfoOf: (record) => ({
    version: decodeEventType(record).version,
    countedVersion: 0,
    isDeleted: false,
  }),
  // Schema versions never change, so their numbers identify them; audit entries would otherwise hold a megabyte each.
  masks: {
    schemas: (list) =>
      (list as EventTypeFields['schemas']).map(({ version, created_at_ms }) => ({ version, created_at_ms })),
  },
  logFields: ({ workspaceId, name, version, state }) => ({ workspaceId, eventType: name, version, state }),
});
