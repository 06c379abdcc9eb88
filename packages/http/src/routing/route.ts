import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessScope } from '@tidings/contracts';
import type { ErrorCode } from '@tidings/runtime';
import type { RequestRun } from '../idempotency/idempotent-request.ts';
import type { ApiTag } from '../openapi/api-tags.ts';
import type { Principal } from './principal.ts';
import type { Reply } from './reply.ts';
import type { IfMatch } from './request-headers.ts';

/** A JSON Schema (2020-12, the dialect of OpenAPI 3.1). */
export type JsonSchema = Readonly<{ [keyword: string]: unknown }>;

/** The methods a route can have; HEAD is answered by GET, OPTIONS by all. */
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Who may call: keys with this scope (or `admin`), or anybody, and then why. */
export type Access = AccessScope | Readonly<{ public: string }>;

/** The headers of requests that a route can take; Idempotency-Key follows from {@link Idempotency}. */
export type RequestHeader = 'If-Match';

/**
 * Says how a POST is made safe to repeat under one Idempotency-Key. `stored`: the first answer is kept and given again.
 * `derived`: the handler derives the ids of what it makes from the key. `read-only`: the route changes nothing and takes
 * no key.
 */
export type Idempotency = 'stored' | 'derived' | 'read-only';

/** The headers that answers can have beside those that every answer has. */
export type ResponseHeader =
  | 'ETag'
  | 'Location'
  | 'Link'
  | 'Idempotency-Replayed'
  | 'Retry-After'
  | 'Deprecation'
  | 'Sunset';

/** An answer that is no problem. `type`: of its body, default application/json; no `schema` means no body. */
export type ResponseDeclaration = Readonly<{
  description: string;
  schema?: JsonSchema;
  type?: string;
  headers?: readonly ResponseHeader[];
  example?: unknown;
}>;

/** How a body is read. Made by `jsonBody` and `bytesBody`. */
export type Body<T> = Readonly<{
  maxBytes: number;
  /** The content-types taken; none given means any. */
  types: readonly string[] | undefined;
  isOptional: boolean;
  schema: JsonSchema;
  example: unknown;
  /** Throws AppError `invalid-request` (400) and `unprocessable` (422). */
  read(bytes: Buffer): T;
}>;

/** The parameters of a query. Made by `queryOf`. */
export type Query<T> = Readonly<{
  properties: Readonly<Record<string, JsonSchema>>;
  required: readonly string[];
  /** Throws AppError `invalid-request` (400) with a pointer to each parameter that is wrong. */
  read(given: Readonly<Record<string, unknown>>): T;
}>;

/** The parts of a call that its route's declaration gives a type to. */
type CallParts = Readonly<{ principal: Principal | null; params: unknown; query: unknown; body: unknown }>;

/** One request as a handler gets it: who asks, and every declared part, read and checked. */
export type Call<P extends CallParts = CallParts> = Readonly<{
  principal: P['principal'];
  params: P['params'];
  query: P['query'];
  body: P['body'];
  /** The versions that If-Match allows; null when there is none. */
  ifMatch: IfMatch;
  /** Of a route whose `idempotency` is `derived`; null for every other one. */
  idempotencyKey: string | null;
  run: RequestRun;
  /** For the trace context, and for what streams its answer by itself. */
  request: IncomingMessage;
  response: ServerResponse;
}>;

/** `{id}` in a path → `{ id: string }`. */
export type PathParams<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Readonly<Record<Name, string>> & PathParams<Rest>
  : unknown;

type PrincipalFor<A extends Access> = A extends AccessScope ? Principal : null;

type CallOf<Path extends string, A extends Access, Q, B> = Call<{
  principal: PrincipalFor<A>;
  params: PathParams<Path>;
  query: Q;
  body: B;
}>;

/** What is told of a route; see the README of this package. */
export type RouteDeclaration<Path extends string, A extends Access, Q, B> = Readonly<{
  /** In camelCase, once in all of the API: clients and tests are named after it. */
  operationId: string;
  method: Method;
  /** With parameters in braces, as in OpenAPI: `/v1/webhooks/subscriptions/{id}`. */
  path: Path;
  access: A;
  tag: ApiTag;
  /** A line without a full stop. */
  summary: string;
  /** Markdown. */
  description?: string;
  /** A schema for each parameter of the path. What breaks it does not exist: 404. */
  params?: Readonly<Record<keyof PathParams<Path> & string, JsonSchema>>;
  query?: Query<Q>;
  body?: Body<B>;
  takes?: readonly RequestHeader[];
  /** Of a POST; default `stored`. A repeat of any other method changes nothing more. */
  idempotency?: Idempotency;
  /** Makes the id that a run reserves for what it makes, at an epoch time in milliseconds; default `req_` and a UUID. */
  newId?(nowMs: number): string;
  responses: Readonly<Record<number, ResponseDeclaration>>;
  /** Problems beside those that follow from the rest of the declaration. */
  problems?: readonly ErrorCode[];
  /**
   * Finds the object that the path names, or throws (404, and 412 by If-Match). Run only when the body is refused, so
   * that a refusal of the body is told to nobody for whom the object does not exist.
   */
  find?(call: CallOf<Path, A, Q, undefined>): Promise<unknown>;
  /** Answers; undefined when it has written the response by itself (streams). */
  handle(call: CallOf<Path, A, Q, B>): Promise<Reply | undefined>;
}>;

/** A declared route, for `mountRoutes`. */
export type Route = RouteDeclaration<string, Access, unknown, unknown>;

/** Declares a route: the types of the handler's parts follow from the rest of the declaration. */
export function route<const Path extends string, const A extends Access, Q = unknown, B = undefined>(
  declared: RouteDeclaration<Path, A, Q, B>,
): Route {
  return declared;
}

/** Returns how a route is made safe to repeat; null for a method that needs nothing for it. */
export const idempotencyOf = ({ method, idempotency = 'stored' }: Route): Idempotency | null =>
  method === 'POST' ? idempotency : null;
