import type { JsonSchema } from '../route.ts';
import { plainSchema } from './plain-schema.ts';

// Beside the schemas, which stay plain JSON Schema for whatever validates with them.
const names = new WeakMap<JsonSchema, string>();
const examples = new WeakMap<JsonSchema, unknown>();

/**
 * Gives a schema a name: the description then holds it once, among its components, and refers to it elsewhere. Answers and
 * bodies of the schema that have no example of their own show `example`.
 */
export function named<const S extends JsonSchema>(name: string, schema: S, example?: unknown): S {
  names.set(schema, name);
  return example === undefined ? schema : withExample(schema, example);
}

/** Gives a schema an example, as {@link named} does, but no name. */
export function withExample<S extends JsonSchema>(schema: S, example: unknown): S {
  examples.set(schema, example);
  return schema;
}

/** Returns the example of a schema; undefined without one. */
export const exampleOf = (schema: JsonSchema | undefined): unknown =>
  schema === undefined ? undefined : examples.get(schema);

/** The schemas that were met by their name while a description was written. */
export type Components = Map<string, unknown>;

/** Returns a schema as it stands in a description: with a reference to each named one, which is added to `components`. */
export function described(schema: unknown, components: Components): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  const name = nameOf(schema as JsonSchema);
  if (name === undefined) return describedInline(schema as JsonSchema, components);
  if (!components.has(name)) {
    // Before what is inside it, which may refer to it.
    components.set(name, {});
    components.set(name, describedInline(schema as JsonSchema, components));
  }
  return { $ref: `#/components/schemas/${name}` };
}

/** Returns a schema as {@link described} does, in full although it may have a name. */
export const describedInline = (schema: JsonSchema, components: Components): object =>
  plainSchema(schema, (part) => described(part, components));

/** Returns the name that a schema was given; undefined without one. */
export const nameOf = (schema: JsonSchema): string | undefined => names.get(schema);
