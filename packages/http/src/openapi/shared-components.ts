import { pageParameters } from '../routing/query.ts';
import type { JsonSchema, RequestHeader, ResponseHeader } from '../routing/route.ts';
import { plainSchema } from './plain-schema.ts';

// Stored beside the schemas, which stay plain JSON Schema for validators.
const names = new WeakMap<JsonSchema, string>();
const examples = new WeakMap<JsonSchema, unknown>();

/**
 * Names a schema: the description then contains it once, as a component, and references it elsewhere. Responses and
 * bodies of the schema without an example of their own show `example`.
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

/** The named schemas that a description references. */
export type Components = Map<string, unknown>;

/** Returns a schema in its described form: with a reference to each named schema, which is added to `components`. */
export function described(schema: unknown, components: Components): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  const name = nameOf(schema as JsonSchema);
  if (name === undefined) return describedInline(schema as JsonSchema, components);
  if (!components.has(name)) {
    // Set before its content is described, which may reference it.
    components.set(name, {});
    components.set(name, describedInline(schema as JsonSchema, components));
  }
  return { $ref: `#/components/schemas/${name}` };
}

/** Returns a schema as {@link described} does, but inline even if it has a name. */
export const describedInline = (schema: JsonSchema, components: Components): object =>
  plainSchema(schema, (part) => described(part, components));

/** Returns the name of a schema; undefined without one. */
export const nameOf = (schema: JsonSchema): string | undefined => names.get(schema);

const text = { type: 'string' } as const;
const seconds = { type: 'integer', minimum: 1 } as const;

/** Returns the schema of a list's response: a page of `item`, with the item's example. */
export function pageSchema(item: JsonSchema) {
  const data = { type: 'array', items: item, description: 'The page, in the order of the list.' } as const;
  const page = {
    type: 'object',
    properties: { data, next_cursor: nextCursorSchema },
    required: ['data', 'next_cursor'],
  } as const;
  const example = exampleOf(item);
  return example === undefined ? page : withExample(page, { data: [example], next_cursor: null });
}

const nextCursorSchema = named('NextCursor', {
  type: ['string', 'null'],
  description: 'The `cursor` of the next page, with the same filters; null on the last.',
});

/** The headers that report a key's rate limit. */
export const rateHeaders = ['RateLimit', 'RateLimit-Policy'] as const;
type RateHeader = (typeof rateHeaders)[number];

/** The response headers, as components. */
export const responseHeaders: Readonly<Record<ResponseHeader | RateHeader | 'Allow', object>> = {
  Allow: {
    description: 'Methods of the path.',
    schema: { ...text, examples: ['GET, HEAD, OPTIONS'] },
  },
  ETag: { description: 'Version of the object, for If-Match.', schema: { ...text, examples: ['"3"'] } },
  Location: { description: 'URL of the new object.', schema: text },
  Link: { description: 'URL of the next page (RFC 8288, rel=next); absent on the last.', schema: text },
  'Idempotency-Replayed': {
    description: '`true` if this is the stored response of an earlier request with the same Idempotency-Key.',
    schema: { ...text, enum: ['true'] },
  },
  Deprecation: { description: 'Time from which the event type is deprecated (RFC 9745).', schema: text },
  Sunset: {
    description: 'Time from which events of the type are no longer accepted (RFC 8594).',
    schema: text,
  },
  RateLimit: {
    description: 'Remaining requests of the limit, and the seconds until it resets.',
    schema: { ...text, examples: ['"key";r=99;t=1'] },
  },
  'RateLimit-Policy': {
    description: 'Limit: maximum number of requests, and its period in seconds.',
    schema: { ...text, examples: ['"key";q=100;w=1'] },
  },
  'Retry-After': { description: 'Seconds to wait before a repeat.', schema: seconds },
};

/** Returns references to header components. */
export const headerReferences = (names: readonly string[]): object =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

/** The request headers, as parameters. */
export const requestHeaders: Readonly<Record<RequestHeader | 'Idempotency-Key', object>> = {
  'If-Match': {
    name: 'If-Match',
    in: 'header',
    description:
      'ETag of the version that the change is based on, or a list of them. 412 if there is a newer version.',
    schema: { ...text, examples: ['"3"'] },
  },
  'Idempotency-Key': {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'Makes a repeat safe: requests with the same Idempotency-Key and the same API key take effect once.',
    schema: { ...text, minLength: 1, maxLength: 256, pattern: '^[\\x20-\\x7e]+$' },
  },
};

/** The parameters of every list. */
export const listParameters: Readonly<Record<string, object>> = {
  limit: queryParameter('limit', pageParameters.limit),
  cursor: queryParameter('cursor', pageParameters.cursor),
};

/** Returns a query parameter. */
export function queryParameter(name: string, { description, ...schema }: JsonSchema): object {
  return { name, in: 'query', ...(description === undefined ? {} : { description }), schema };
}
