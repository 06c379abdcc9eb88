import type { JsonSchema } from '../route.ts';

// Beside the schemas, which stay plain JSON Schema for whatever validates with them.
const names = new WeakMap<JsonSchema, string>();

/** Gives a schema a name: the description then holds it once, among its components, and refers to it elsewhere. */
export function named<const S extends JsonSchema>(name: string, schema: S): S {
  names.set(schema, name);
  return schema;
}

/** The schemas that were met by their name while a description was written. */
export type Components = Map<string, unknown>;

/** A schema as it stands in a description: with a reference to each named one, which is added to `components`. */
export function described(schema: unknown, components: Components): unknown {
  if (Array.isArray(schema)) return schema.map((part) => described(part, components));
  if (typeof schema !== 'object' || schema === null) return schema;
  const name = names.get(schema as JsonSchema);
  if (name === undefined) return inside(schema, components);
  if (!components.has(name)) {
    // Before what is inside it, which may refer to it.
    components.set(name, {});
    components.set(name, inside(schema, components));
  }
  return { $ref: `#/components/schemas/${name}` };
}

const inside = (schema: object, components: Components): object =>
  Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, described(value, components)]));
