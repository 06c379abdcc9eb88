import { bundleSchema, checkSchema, isJsonObject, type JsonObject } from '@tidings/event-schemas';
import { type ErrorDetail, textFaults } from '@tidings/json';
import { type AppError, refused } from '@tidings/runtime';
import type { DocumentEntry } from './document-entry.ts';
import { extension, urnOf } from './domain/catalogue-document.ts';
import type { SchemaText } from './domain/event-type.ts';
import { readAsyncApi } from './read-asyncapi.ts';
import { readOpenApi } from './read-openapi.ts';

/** An event type in a document. `body` is not validated and omits fields that the document cannot express. */
export type DocumentedType = Readonly<{
  body: JsonObject;
  history: readonly SchemaText[];
  errors: readonly ErrorDetail[];
  /** Returns the pointer in the document from which a part of the body was read. */
  locationOf(pointer: string): string;
}>;

const unknownKind = (pointer: string, detail: string): AppError =>
  refused([{ pointer, detail }], 'The document is neither AsyncAPI 3.0 nor OpenAPI 3.1 with webhooks');

/** Returns the event types of a document. Throws AppError `unprocessable` if it is neither AsyncAPI nor OpenAPI. */
export function readDocument(document: unknown): readonly DocumentEntry[] {
  if (!isJsonObject(document)) throw unknownKind('', 'must be an object');
  const { asyncapi, openapi } = document;
  if (asyncapi !== undefined) {
    if (typeof asyncapi !== 'string' || !/^3\.\d+\.\d+/.test(asyncapi)) {
      throw unknownKind('/asyncapi', `must be 3.0.0, got ${JSON.stringify(asyncapi).slice(0, 40)}`);
    }
    return readAsyncApi(document);
  }
  if (openapi === undefined) throw unknownKind('', "must have the field 'asyncapi' or 'openapi'");
  if (typeof openapi !== 'string' || !/^3\.[1-9]\d*\.\d+/.test(openapi)) {
    throw unknownKind('/openapi', `must be 3.1.0 or later, got ${JSON.stringify(openapi).slice(0, 40)}`);
  }
  if (!isJsonObject(document['webhooks'])) throw unknownKind('/webhooks', 'must be an object');
  return readOpenApi(document);
}

/** Returns the event type that an entry describes. */
export function readType(document: unknown, entry: DocumentEntry): DocumentedType {
  const { node, name, pointer } = entry;
  const said = node[extension];
  const own = isJsonObject(said) ? said : {};
  const extensionAt = `${pointer}/${extension}`;
  const schema = readSchema(document, entry, own);
  const history = readHistory(own, `${extensionAt}/schemas`);
  const locations: ReadonlyMap<string, string> = new Map([
    ['name', pointer],
    ['description', `${pointer}/description`],
    ['group', `${pointer}/tags/0`],
    ['example', entry.example?.pointer ?? `${pointer}/examples`],
  ]);
  return {
    body: {
      description: node['description'] ?? (node['summary'] === name ? null : node['summary']) ?? null,
      group: entry.group ?? null,
      example: entry.example?.value ?? null,
      schema: schema.schema,
      ...(isJsonObject(said) ? ownWords(said) : node['deprecated'] === true ? { state: 'deprecated' } : {}),
    },
    history: history.schemas,
    errors: [
      ...entry.errors,
      ...schema.errors,
      ...history.errors,
      ...(said === undefined || isJsonObject(said)
        ? []
        : [{ pointer: extensionAt, detail: 'must be an object' }]),
    ],
    locationOf: (inside) => {
      const [, field = '', ...rest] = inside.split('/');
      if (field === 'schema') return schema.locationOf(inside.slice('/schema'.length));
      if (field === '') return pointer;
      return [locations.get(field) ?? `${extensionAt}/${field}`, ...rest].join('/');
    },
  };
}

const ownWords = (said: JsonObject): JsonObject =>
  Object.fromEntries(
    ['state', 'mode', 'audience', 'compatibility', 'deprecated_at', 'sunset_at'].flatMap((field) =>
      said[field] === undefined ? [] : [[field, said[field]]],
    ),
  );

type SchemaReading = Readonly<{
  schema: JsonObject | null;
  errors: readonly ErrorDetail[];
  locationOf(pointer: string): string;
}>;

function readSchema(
  document: unknown,
  { schemaAt, pointer, name }: DocumentEntry,
  own: JsonObject,
): SchemaReading {
  const none = { schema: null, errors: [], locationOf: () => pointer };
  if (schemaAt === null) return none;
  const bundle = bundleSchema(document, schemaAt);
  if (!bundle.ok) return { ...none, errors: bundle.errors };
  const { $id, ...rest } = bundle.schema;
  const schema = $id === urnOf(name) ? rest : bundle.schema;
  // An empty schema means that the type has none, unless the extension names an active schema.
  const isNone = Object.keys(schema).length === 0 && typeof own['active_schema'] !== 'number';
  return { schema: isNone ? null : schema, errors: [], locationOf: bundle.locationOf };
}

type History = Readonly<{ schemas: readonly SchemaText[]; errors: readonly ErrorDetail[] }>;

/** Reads the schemas that a type had where it was exported. */
function readHistory({ schemas }: JsonObject, pointer: string): History {
  if (schemas === undefined) return { schemas: [], errors: [] };
  if (!Array.isArray(schemas)) return { schemas: [], errors: [{ pointer, detail: 'must be an array' }] };
  const read: SchemaText[] = [];
  for (const [index, item] of (schemas as unknown[]).entries()) {
    const at = `${pointer}/${index}`;
    const refused = (detail: string): History => ({ schemas: [], errors: [{ pointer: at, detail }] });
    const { version, schema_json: text } = isJsonObject(item) ? item : {};
    if (typeof version !== 'number' || typeof text !== 'string') {
      return refused('must be an object with a version and a schema_json');
    }
    if (!Number.isSafeInteger(version) || version <= (read.at(-1)?.version ?? 0)) {
      return refused(`must have a version above that of the previous one, got ${version}`);
    }
    const schema = parsed(text);
    const check = checkSchema(schema);
    if (!check.ok) {
      const [first] = check.errors;
      return refused(
        `holds no schema that can be stored: ${first?.pointer || 'it'} ${first?.detail ?? 'is none'}`,
      );
    }
    const [lossy] = textFaults(Buffer.from(text));
    if (lossy !== undefined) {
      return refused(`holds no schema that can be stored: ${lossy.pointer || 'it'} ${lossy.detail}`);
    }
    read.push({ version, schemaJson: JSON.stringify(schema) });
  }
  return { schemas: read, errors: [] };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema check reports it like any other invalid schema.
    return undefined;
  }
}
