import { pageParameters } from '../query.ts';
import type { AnswerHeader, JsonSchema, RequestHeader } from '../route.ts';
import { exampleOf, named, withExample } from './named-schema.ts';

const text = { type: 'string' } as const;
const seconds = { type: 'integer', minimum: 1 } as const;

/** Returns the schema of what a list answers: a page of `item`, whose example is on it. */
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

/** The headers that tell of the limit of a key. */
export const rateHeaders = ['RateLimit', 'RateLimit-Policy'] as const;
type RateHeader = (typeof rateHeaders)[number];

/** The headers of answers, as components. */
export const answerHeaders: Readonly<Record<AnswerHeader | RateHeader | 'Allow', object>> = {
  Allow: {
    description: 'The methods that the path has.',
    schema: { ...text, examples: ['GET, HEAD, OPTIONS'] },
  },
  ETag: { description: 'The version, for If-Match.', schema: { ...text, examples: ['"3"'] } },
  Location: { description: 'Where the new object is.', schema: text },
  Link: { description: 'Where the next page is (RFC 8288, rel=next), when there is one.', schema: text },
  'Idempotency-Replayed': {
    description: '`true` when this is the answer to an earlier request with the same Idempotency-Key.',
    schema: { ...text, enum: ['true'] },
  },
  Deprecation: { description: 'Since when the event type is deprecated (RFC 9745).', schema: text },
  Sunset: { description: 'When the event type stops being taken (RFC 8594).', schema: text },
  RateLimit: {
    description: 'What is left of the limit and for how many seconds.',
    schema: { ...text, examples: ['"key";r=99;t=1'] },
  },
  'RateLimit-Policy': {
    description: 'The limit: so many requests in so many seconds.',
    schema: { ...text, examples: ['"key";q=100;w=1'] },
  },
  'Retry-After': { description: 'After how many seconds to try again.', schema: seconds },
};

/** References to headers among the components. */
export const headerReferences = (names: readonly string[]): object =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

/** The headers of requests, as parameters. */
export const requestHeaders: Readonly<Record<RequestHeader | 'Idempotency-Key', object>> = {
  'If-Match': {
    name: 'If-Match',
    in: 'header',
    description:
      'The ETag of the version that the change is based on, or a list of them; a newer one is told as 412.',
    schema: { ...text, examples: ['"3"'] },
  },
  'Idempotency-Key': {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'Makes a repeat safe: under the same key, the same request by the same API key takes effect once.',
    schema: { ...text, minLength: 1, maxLength: 256, pattern: '^[\\x20-\\x7e]+$' },
  },
};

/** The parameters of every list. */
export const listParameters: Readonly<Record<string, object>> = {
  limit: queryParameter('limit', pageParameters.limit),
  cursor: queryParameter('cursor', pageParameters.cursor),
};

/** A parameter of a query. */
export function queryParameter(name: string, { description, ...schema }: JsonSchema): object {
  return { name, in: 'query', ...(description === undefined ? {} : { description }), schema };
}
