import type { Body, JsonSchema } from '../routing/route.ts';
import { type Components, described, describedInline, exampleOf, nameOf } from './shared-components.ts';

/** The components that bodies are described with: schemas, and whole request bodies. */
export type BodyComponents = Readonly<{ schemas: Components; bodies: Components }>;

/**
 * Returns a request body as it stands in an operation. One with default values becomes a component with its schema inside
 * of it, not a reference to a schema: generators of TypeScript take the fields of a schema that have a default for fields
 * that are always there, as they are in answers, unless the schema is part of a request body.
 */
export function describeBody(body: Body<unknown>, { schemas, bodies }: BodyComponents): object {
  const { types, isOptional, schema, example = exampleOf(schema) } = body;
  const name = nameOf(schema);
  const isComponent = name !== undefined && hasDefaults(schema);
  const media = {
    schema: isComponent ? describedInline(schema, schemas) : described(schema, schemas),
    ...(example === undefined ? {} : { example }),
  };
  const content = Object.fromEntries((types ?? ['*/*']).map((type) => [type, media]));
  const requestBody = { required: !isOptional, content };
  if (!isComponent) return requestBody;
  bodies.set(name, requestBody);
  return { $ref: `#/components/requestBodies/${name}` };
}

const hasDefaults = ({ properties }: JsonSchema): boolean =>
  Object.values((properties ?? {}) as Readonly<Record<string, object>>).some((field) =>
    Object.hasOwn(field, 'default'),
  );
