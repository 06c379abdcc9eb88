import type { JsonSchema } from '../routing/route.ts';

type Rewrite = (part: unknown) => unknown;

// Keywords that map names to schemas (JSON Schema 2020-12). Everything else in a schema is a value and is unchanged.
const maps: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs', 'dependentSchemas']);
const lists: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
const singles: ReadonlySet<string> = new Set([
  ...['items', 'contains', 'additionalProperties', 'unevaluatedProperties', 'propertyNames', 'not'],
  ...['if', 'then', 'else'],
]);

/**
 * Rewrites a schema for client generators without changing what it allows: adds `type` beside `enum` and `const`, adds
 * `additionalProperties: true` to an object without any other keyword (many generators treat it as empty), and replaces
 * `if`, `then` and `else` by `anyOf`. The callback rewrites each schema inside it.
 */
export function plainSchema(schema: JsonSchema, rewrite: Rewrite): object {
  const parts = Object.entries(eitherOf(schema)).map(([key, value]) => [
    key,
    rewrittenAt(key, value, rewrite),
  ]);
  return { ...typeOfValues(schema), ...Object.fromEntries(parts), ...opening(schema) };
}

function rewrittenAt(key: string, value: unknown, rewrite: Rewrite): unknown {
  if (singles.has(key)) return rewrite(value);
  if (lists.has(key)) return (value as readonly unknown[]).map(rewrite);
  if (!maps.has(key)) return value;
  return Object.fromEntries(Object.entries(value as object).map(([name, part]) => [name, rewrite(part)]));
}

// Data that satisfy `then` under the condition, or `else` without it, satisfy one of the two: the schemas here use
// conditions only for types that exclude each other.
function eitherOf(schema: JsonSchema): JsonSchema {
  const { if: condition, then, else: otherwise, ...rest } = schema;
  if (condition === undefined || then === undefined || otherwise === undefined) return schema;
  return { ...rest, anyOf: [then, otherwise] };
}

function typeOfValues({ type, enum: some, const: only }: JsonSchema): object {
  if (type !== undefined) return {};
  const values = Array.isArray(some) ? (some as readonly unknown[]) : only === undefined ? [] : [only];
  const [first, ...more] = new Set(values.map(typeOf));
  if (first === undefined) return {};
  return { type: more.length === 0 ? first : [first, ...more] };
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

const shaping = ['properties', 'patternProperties', 'additionalProperties', 'unevaluatedProperties'];

const opening = (schema: JsonSchema): object => {
  const isObject = [schema['type']].flat().includes('object');
  const isShaped = shaping.some((keyword) => Object.hasOwn(schema, keyword));
  return isObject && !isShaped ? { additionalProperties: true } : {};
};
