import type { Body, JsonSchema } from '../routing/route.ts';
import { type Components, described, describedInline, exampleOf, nameOf } from './shared-components.ts';

/** The components that describe bodies: schemas, and whole request bodies. */
export type BodyComponents = Readonly<{ schemas: Components; bodies: Components }>;

/**
 * Returns the description of a request body for an operation. A body with default values becomes a component that
 * contains its schema, not a reference to a schema: TypeScript generators treat fields with a default as always
 * present, as they are in responses, unless the schema is part of a request body.
 */
export function describeBody(body: Body<unknown>, { schemas, bodies }: BodyComponents): object {
  const { types, isOptional, schema, example = exampleOf(schema), lines } = body;
  const name = nameOf(schema);
  const isComponent = name !== undefined && hasDefaults(schema);
  const media = {
    schema: isComponent ? describedInline(schema, schemas) : described(schema, schemas),
    ...(example === undefined ? {} : { example }),
  };
  const ofLines = lines && { schema: described(lines.schema, schemas) };
  const content: Record<string, object | undefined> = Object.fromEntries<object | undefined>([
    ...(types ?? ['*/*']).map((type) => [type, media] as const),
    ...(lines?.types ?? []).map((type) => [type, ofLines] as const),
  ]);
  const requestBody = { required: !isOptional, content };
  if (!isComponent) return requestBody;
  bodies.set(name, requestBody);
  return { $ref: `#/components/requestBodies/${name}` };
}

const hasDefaults = ({ properties }: JsonSchema): boolean =>
  Object.values((properties ?? {}) as Readonly<Record<string, object>>).some((field) =>
    Object.hasOwn(field, 'default'),
  );
