import { type EventType, schemaJsonOf } from './event-type.ts';

/** Export formats of a catalogue. */
export const catalogueFormats = ['asyncapi', 'openapi'] as const;
/** One of {@link catalogueFormats}. */
export type CatalogueFormat = (typeof catalogueFormats)[number];

type Json = Readonly<Record<string, unknown>>;
/** Extension field for settings that neither standard can express. */
export const extension = 'x-tidings';

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** Returns the `$id` of a type's schema in a document. */
export const urnOf = (name: string): string => `urn:tidings:event-type:${name}`;

/** Returns a schema to embed in a document, with its own `$id` so that its references stay inside it. */
const embedded = (name: string, schema: Json): Json => ({ $id: urnOf(name), ...schema });

const activeOf = (type: EventType): Json | null => {
  const json = schemaJsonOf(type, type.activeSchema);
  return json === undefined ? null : (JSON.parse(json) as Json);
};

const extensionOf = ({ state, settings, schemas, activeSchema }: EventType): Json => ({
  state,
  mode: settings.mode,
  audience: settings.audience,
  compatibility: settings.compatibility,
  group: settings.group,
  description: settings.description,
  deprecated_at: timeOf(settings.deprecatedAtMs),
  sunset_at: timeOf(settings.sunsetAtMs),
  active_schema: activeSchema,
  // JSON text, so that readers of the document need not support schemas that are no longer active.
  schemas: schemas.map(({ version, schemaJson }) => ({ version, schema_json: schemaJson })),
});

const wordsOf = ({ settings }: EventType): Json => ({
  ...(settings.description === null ? {} : { description: settings.description }),
});

const info = { title: 'Event types', version: '1.0.0' };

function asyncApi(types: readonly EventType[]): Json {
  const each = (make: (type: EventType) => Json): Json =>
    Object.fromEntries(types.map((type) => [type.name, make(type)]));
  return {
    asyncapi: '3.0.0',
    info,
    defaultContentType: 'application/json',
    channels: each(({ name }) => ({
      address: name,
      messages: { [name]: { $ref: `#/components/messages/${name}` } },
    })),
    operations: each(({ name }) => ({ action: 'send', channel: { $ref: `#/channels/${name}` } })),
    components: {
      messages: each((type) => ({
        name: type.name,
        ...wordsOf(type),
        ...(type.settings.group === null ? {} : { tags: [{ name: type.settings.group }] }),
        payload: {
          schemaFormat: 'application/schema+json;version=draft-2020-12',
          schema: embedded(type.name, activeOf(type) ?? {}),
        },
        ...(type.settings.exampleJson === null
          ? {}
          : { 'x-example': JSON.parse(type.settings.exampleJson) as unknown }),
        [extension]: extensionOf(type),
      })),
    },
  };
}

// Body in the format `standard`, the default format of a subscription.
const bodyOf = (type: EventType): Json => ({
  type: 'object',
  properties: {
    id: { type: 'string' },
    type: { const: type.name },
    timestamp: { type: 'string', format: 'date-time' },
    workspace_id: { type: 'string' },
    data: embedded(type.name, activeOf(type) ?? {}),
  },
  required: ['id', 'type', 'timestamp', 'workspace_id', 'data'],
});

const openApi = (types: readonly EventType[]): Json => ({
  openapi: '3.1.0',
  info,
  webhooks: Object.fromEntries(
    types.map((type) => [
      type.name,
      {
        post: {
          summary: type.name,
          ...wordsOf(type),
          ...(type.settings.group === null ? {} : { tags: [type.settings.group] }),
          deprecated: type.state === 'deprecated' || type.state === 'archived',
          requestBody: { required: true, content: { 'application/json': { schema: bodyOf(type) } } },
          responses: { '2XX': { description: 'The webhook is accepted.' } },
          ...(type.settings.exampleJson === null
            ? {}
            : { 'x-example': JSON.parse(type.settings.exampleJson) as unknown }),
          [extension]: extensionOf(type),
        },
      },
    ]),
  ),
});

/** Returns the types as an AsyncAPI 3.0 document, or as the `webhooks` of an OpenAPI 3.1 document. */
export const catalogueDocument = (types: readonly EventType[], format: CatalogueFormat): Json =>
  format === 'asyncapi' ? asyncApi(types) : openApi(types);
