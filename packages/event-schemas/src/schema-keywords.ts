import { pointerPart } from '@tidings/json';

/** The kind of a keyword's value: one schema, a list or a map of schemas, or no schema. */
export type KeywordKind = 'schema' | 'schema-list' | 'schema-map' | 'value' | 'annotation';

const kinds: ReadonlyMap<string, KeywordKind> = new Map(
  Object.entries({
    schema: [
      'items',
      'additionalProperties',
      'contains',
      'propertyNames',
      'not',
      'if',
      'then',
      'else',
    ].concat(['unevaluatedItems', 'unevaluatedProperties']),
    'schema-list': ['allOf', 'anyOf', 'oneOf', 'prefixItems'],
    'schema-map': ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'],
    value: [
      'type',
      'enum',
      'const',
      'multipleOf',
      'maximum',
      'exclusiveMaximum',
      'minimum',
      'exclusiveMinimum',
    ]
      .concat(['maxLength', 'minLength', 'pattern', 'format', 'maxItems', 'minItems', 'uniqueItems'])
      .concat([
        'maxContains',
        'minContains',
        'maxProperties',
        'minProperties',
        'required',
        'dependentRequired',
      ])
      .concat(['$ref', '$anchor']),
    annotation: ['$schema', '$id', '$comment', 'title', 'description', 'default', 'examples', 'example']
      .concat(['deprecated', 'readOnly', 'writeOnly', 'contentEncoding', 'contentMediaType', 'contentSchema'])
      .concat(['externalDocs', 'discriminator', 'xml']),
  } satisfies Record<KeywordKind, readonly string[]>).flatMap(([kind, keywords]) =>
    keywords.map((keyword) => [keyword, kind as KeywordKind] as const),
  ),
);

/**
 * Returns the kind of a JSON Schema 2020-12 keyword, or undefined for an unsupported one. `x-…` and the annotations
 * that OpenAPI and AsyncAPI add to schemas are annotations.
 */
export const keywordKind = (keyword: string): KeywordKind | undefined =>
  kinds.get(keyword) ?? (keyword.startsWith('x-') ? 'annotation' : undefined);

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Returns true for a JSON object, not for an array or null. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A schema inside another: its position (RFC 6901 pointer) and its value, which need not be a valid schema. */
export type Subschema = Readonly<{ pointer: string; value: unknown }>;

/** Returns the direct subschemas of an object schema, those in `$defs` included. */
export function subschemasOf(schema: JsonObject, pointer: string): Subschema[] {
  return Object.entries(schema).flatMap(([keyword, value]): Subschema[] => {
    const at = `${pointer}/${pointerPart(keyword)}`;
    const kind = keywordKind(keyword);
    if (kind === 'schema') return [{ pointer: at, value }];
    if (kind === 'schema-list' && Array.isArray(value)) {
      return value.map((item, i) => ({ pointer: `${at}/${i}`, value: item as unknown }));
    }
    if (kind === 'schema-map' && isJsonObject(value)) {
      return Object.entries(value).map(([name, item]) => ({
        pointer: `${at}/${pointerPart(name)}`,
        value: item,
      }));
    }
    return [];
  });
}
