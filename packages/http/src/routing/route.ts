import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessScope } from '@tidings/contracts';
import type { ErrorCode } from '@tidings/runtime';
import type { RequestRun } from '../idempotency/idempotent-request.ts';
import type { ApiTag } from '../openapi/api-tags.ts';
import type { Principal } from './principal.ts';
import type { BodyLimits } from './read-body.ts';
import type { Reply } from './reply.ts';
import type { IfMatch } from './request-headers.ts';

/** A JSON Schema (2020-12, the dialect of OpenAPI 3.1). */
export type JsonSchema = Readonly<{ [keyword: string]: unknown }>;

/** The methods of routes; GET also serves HEAD, and every path serves OPTIONS. */
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The access rule: keys with this scope (or `admin`), keys with any scope, or public with the reason. */
export type Access = AccessScope | 'any' | Readonly<{ public: string }>;

/** The request headers that a route can declare; Idempotency-Key follows from {@link Idempotency}. */
export type RequestHeader = 'If-Match';

/**
 * The way in which a POST is safe to repeat with one Idempotency-Key. `stored`: the first response is stored and
 * repeated. `derived`: the handler derives the ids of created objects from the key. `by-content`: it derives them from
 * what is sent, and accepts no key. `read-only`: the route changes nothing and accepts no key.
 */
export type Idempotency = 'stored' | 'derived' | 'by-content' | 'read-only';

/** The headers that responses can have in addition to those of every response. */
export type ResponseHeader =
  | 'ETag'
  | 'Location'
  | 'Link'
  | 'Idempotency-Replayed'
  | 'Retry-After'
  | 'Deprecation'
  | 'Sunset';

/** A successful response. `type`: of its body, default application/json; no `schema` means no body. */
export type ResponseDeclaration = Readonly<{
  description: string;
  schema?: JsonSchema;
  type?: string;
  headers?: readonly ResponseHeader[];
  example?: unknown;
}>;

/** A request whose body is not read yet, and its response. */
export type Exchange = Readonly<{ request: IncomingMessage; response: ServerResponse }>;

/** A body declaration. Created by `jsonBody`, `bytesBody` and `streamedBody`. */
export type Body<T> = Readonly<{
  maxBytes: number;
  /** The accepted content-types; undefined means any. */
  types: readonly string[] | undefined;
  isOptional: boolean;
  /** Present if a body above this size is passed to the handler as a stream, see `streamedBody`. */
  holdBytes?: number;
  /**
   * Returns the limits of a request by its caller and the parameters of its path, instead of the above. Throws an AppError for a request
   * whose body is not read, such as `not-found`.
   */
  limitsFor?(
    params: Readonly<Record<string, unknown>>,
    exchange: Exchange & Readonly<{ principal: Principal | null }>,
  ): BodyLimits;
  schema: JsonSchema;
  example: unknown;
  /** Further content types, of another form, as they are described: without an example, which clients could not serialise. */
  lines?: Readonly<{ types: readonly string[]; schema: JsonSchema }>;
  /** Parses the body. Throws AppError `invalid-request` (400) and `unprocessable` (422). */
  read(bytes: Buffer): T;
}>;

/** The parameters of a query. Created by `queryOf`. */
export type Query<T> = Readonly<{
  properties: Readonly<Record<string, JsonSchema>>;
  required: readonly string[];
  /** Parses the query. Throws AppError `invalid-request` (400) with a pointer to each invalid parameter. */
  read(given: Readonly<Record<string, unknown>>): T;
}>;

/** The parts of a call whose types follow from the route's declaration. */
type CallParts = Readonly<{ principal: Principal | null; params: unknown; query: unknown; body: unknown }>;

/** One request as a handler receives it: the caller and every declared part, parsed and checked. */
export type Call<P extends CallParts = CallParts> = Readonly<{
  principal: P['principal'];
  params: P['params'];
  query: P['query'];
  body: P['body'];
  /** The versions that If-Match allows; null if there is none. */
  ifMatch: IfMatch;
  /** The key, for a route whose `idempotency` is `derived`; null for any other. */
  idempotencyKey: string | null;
  run: RequestRun;
  /** For the trace context, and for a handler that streams its response. */
  request: IncomingMessage;
  response: ServerResponse;
}>;

/** `{id}` in a path → `{ id: string }`. */
export type PathParams<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Readonly<Record<Name, string>> & PathParams<Rest>
  : unknown;

type PrincipalFor<A extends Access> = A extends AccessScope | 'any' ? Principal : null;

type CallOf<Path extends string, A extends Access, Q, B> = Call<{
  principal: PrincipalFor<A>;
  params: PathParams<Path>;
  query: Q;
  body: B;
}>;

/** A route declaration; see the README of this package. */
export type RouteDeclaration<Path extends string, A extends Access, Q, B> = Readonly<{
  /** In camelCase, unique in the whole API: clients and tests derive names from it. */
  operationId: string;
  method: Method;
  /** The path with parameters in braces, as in OpenAPI: `/v1/webhooks/subscriptions/{id}`. */
  path: Path;
  access: A;
  tag: ApiTag;
  /** A line without a full stop. */
  summary: string;
  /** Markdown. */
  description?: string;
  /** A schema for each path parameter. An object with an invalid parameter does not exist: 404. */
  params?: Readonly<Record<keyof PathParams<Path> & string, JsonSchema>>;
  query?: Query<Q>;
  body?: Body<B>;
  takes?: readonly RequestHeader[];
  /** For a POST only; default `stored`. Repeating any other method changes nothing more. */
  idempotency?: Idempotency;
  /** True: Accept is ignored, because the caller must not be refused for it. */
  ignoresAccept?: true;
  /** Creates the id that a run reserves for its object, at an epoch time in milliseconds; default `req_` and a UUID. */
  newId?(nowMs: number): string;
  /**
   * Returns the principal of the query parameter `ticket`, which may replace the key: for callers that cannot send
   * headers. Throws AppError `unauthorized`.
   */
  redeemTicket?(ticket: string): Promise<Principal>;
  responses: Readonly<Record<number, ResponseDeclaration>>;
  /** Problems in addition to those that follow from the rest of the declaration. */
  problems?: readonly ErrorCode[];
  /**
   * Finds the object at the path, or throws (404, and 412 by If-Match). Called only for an invalid body, so that a
   * caller without access to the object receives 404 and no details of the body.
   */
  find?(call: CallOf<Path, A, Q, undefined>): Promise<unknown>;
  /** Returns the reply; undefined if it has written the response itself (streams). */
  handle(call: CallOf<Path, A, Q, B>): Promise<Reply | undefined>;
}>;

/** A declared route, for `mountRoutes`. */
export type Route = RouteDeclaration<string, Access, unknown, unknown>;

/** Declares a route: the handler's types follow from the rest of the declaration. */
export function route<const Path extends string, const A extends Access, Q = unknown, B = undefined>(
  declared: RouteDeclaration<Path, A, Q, B>,
): Route {
  return declared;
}

/** Returns the way in which a route is safe to repeat; null for a method that needs no key. */
export const idempotencyOf = ({ method, idempotency = 'stored' }: Route): Idempotency | null =>
  method === 'POST' ? idempotency : null;
