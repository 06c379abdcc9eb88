import { type ErrorCode, errorCodes } from '@tidings/runtime';
import { problemTable } from '../problems/problem-table.ts';
import { idempotencyOf, type Route } from '../routing/route.ts';
import { headerReferences, named, rateHeaders } from './shared-components.ts';

/** JSON Schema of one fault in a request: its position and its description. */
export const errorDetailSchema = named('ErrorDetail', {
  type: 'object',
  properties: {
    pointer: {
      type: 'string',
      description: "JSON pointer (RFC 6901); '' for the whole body, /name for a parameter.",
    },
    detail: { type: 'string', description: 'Description of the fault, with the value and the limit.' },
  },
  required: ['pointer', 'detail'],
});

/** JSON Schema of the problems that `problem` writes. */
export const problemSchema = named('Problem', {
  type: 'object',
  properties: {
    type: { type: 'string', format: 'uri-reference', description: 'URL of a page about the code.' },
    title: { type: 'string', description: 'Title, the same for all problems of one code.' },
    status: { type: 'integer', minimum: 400, maximum: 599, description: 'Status of the response.' },
    detail: { type: 'string', description: 'Description of this problem and how to correct it.' },
    instance: { type: 'string', description: 'Path of the request.' },
    code: { type: 'string', enum: errorCodes, description: 'Identifies the kind of problem.' },
    errors: {
      type: 'array',
      description: 'Every fault, each with its position in the request.',
      items: errorDetailSchema,
    },
    traceId: { type: 'string', description: 'Id of the trace: include it in reports to the operator.' },
  },
  required: ['type', 'title', 'status', 'detail', 'code'],
});

const allCodes = Object.keys(problemTable) as readonly ErrorCode[];

/** Returns true for a route that reads an Idempotency-Key. */
export const takesIdempotencyKey = (route: Route): boolean =>
  ['stored', 'derived'].includes(idempotencyOf(route) ?? '');

/** Returns the problems of a route's responses: those implied by its declaration, and those that it adds. */
export function problemsOf(route: Route): ErrorCode[] {
  const { access, params, body, takes = [], problems = [] } = route;
  const codes = new Set<ErrorCode>([
    'invalid-request',
    'method-not-allowed',
    'not-acceptable',
    'rate-limited',
    'internal',
    'unavailable',
    ...problems,
  ]);
  const add = (condition: boolean, ...more: ErrorCode[]) => {
    if (condition) for (const code of more) codes.add(code);
  };
  add(typeof access === 'string', 'unauthorized');
  add(typeof access === 'string' && access !== 'any', 'forbidden');
  add(params !== undefined, 'not-found');
  add(body !== undefined, 'payload-too-large', 'unsupported-media-type', 'unprocessable');
  add(takes.includes('If-Match'), 'precondition-failed', 'conflict');
  add(idempotencyOf(route) === 'stored', 'conflict', 'unprocessable');
  return allCodes.filter((code) => codes.has(code));
}

/** Returns the component name of a code's response. */
export const problemName = (code: ErrorCode): string =>
  code.replace(/(^|-)([a-z])/g, (_match, _dash, letter: string) => letter.toUpperCase());

/** Returns the response of a code, with an example. */
export function problemResponse(code: ErrorCode, described: (schema: object) => unknown): object {
  const { status, title, meaning } = problemTable[code];
  const example = {
    type: `/problems/${code}`,
    title,
    status,
    detail: meaning,
    instance: '/v1/…',
    code,
    traceId: '0af7651916cd43dd8448eb211c80319c',
  };
  const names = [
    ...(status === 429 || status === 503 ? ['Retry-After'] : []),
    ...(status === 429 ? rateHeaders : []),
    ...(status === 405 ? ['Allow'] : []),
  ];
  return {
    description: meaning,
    ...(names.length === 0 ? {} : { headers: headerReferences(names) }),
    content: { 'application/problem+json': { schema: described(problemSchema), example } },
  };
}

/** Refusals by the server itself before routing, for any request, by status. */
export const serverRefusals: ReadonlyMap<number, Readonly<{ name: string; description: string }>> = new Map([
  [408, { name: 'TooSlow', description: 'The request did not arrive in time.' }],
  [417, { name: 'ExpectationFailed', description: 'The only supported expectation is `100-continue`.' }],
  [431, { name: 'HeadersTooLarge', description: 'Path, query and headers together are too large.' }],
]);

/** Returns the response of one of {@link serverRefusals}. */
export const serverRefusal = (description: string, described: (schema: object) => unknown): object => ({
  description,
  content: { 'application/problem+json': { schema: described(problemSchema) } },
});
