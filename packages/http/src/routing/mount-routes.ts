import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { compiledOnFirstUse } from '@tidings/json';
import { AppError } from '@tidings/runtime';
import type { Express, Request, RequestHandler } from 'express';
import { idempotencyKeyOf } from '../idempotency/idempotency-key.ts';
import { type IdempotencyParts, idempotentRequest } from '../idempotency/idempotent-request.ts';
import type { Webhooks } from '../openapi/describe-webhook.ts';
import { describing, descriptionRoute } from '../openapi/description-route.ts';
import { answerPreflight } from '../server/cross-origin.ts';
import { hasBody } from '../server/unread-body.ts';
import { authorize } from './authentication.ts';
import type { Authenticate, Principal } from './principal.ts';
import { createRateLimit, type LimitRate } from './rate-limit.ts';
import { type BodyLimits, readBody } from './read-body.ts';
import { type Reply, sendReply } from './reply.ts';
import { ifMatchOf } from './request-headers.ts';
import { type Body, type Call, idempotencyOf, type Method, type Route } from './route.ts';
import { strictCompiler } from './schema-compilers.ts';
import { readOrStream, type StreamedRequestBody } from './streamed-body.ts';

/**
 * Options of {@link mountRoutes}. `requestsPerSecond`: the limit of each key without its own; 0, the default, means
 * none. `idempotency`: the store for responses to POSTs; without it no route may use `stored`.
 */
export type MountOptions = Readonly<{
  authenticate: Authenticate;
  requestsPerSecond?: number;
  idempotency?: IdempotencyParts;
  /** Webhooks that the description lists beside the routes. */
  webhooks?: Webhooks;
}>;

/**
 * Mounts declared routes. Each request is checked in this order: key (401), scope (403), rate (429), Accept (406), body
 * by its headers and size (415, 413), path (404), query (400), body by its schema (400, 422, but 404 and 412 of `find`
 * come first); then its handler responds. Known paths respond to other methods with 405. Call it once for all routes of
 * a service.
 */
export function mountRoutes(app: Express, given: readonly Route[], options: MountOptions): void {
  const routes = given.some(({ path }) => path === describing.path)
    ? given
    : [...given, descriptionRoute(given, options.webhooks)];
  refuseDoubles(routes);
  // One for all routes: a key has one limit per service, not one per route.
  const limitRate = createRateLimit(options.requestsPerSecond ?? 0);
  const inOrder = [...routes].sort(byPath);
  for (const route of inOrder) {
    app[verbs[route.method]](expressPath(route.path), handler(route, { ...options, limitRate }));
  }
  for (const path of new Set(inOrder.map((route) => route.path))) {
    app.all(expressPath(path), otherMethods(routes.filter((route) => route.path === path)));
  }
  const paths = routes.map(({ path }) => expressPath(path));
  declaredPaths.set(app, new Set([...(declaredPaths.get(app) ?? []), ...paths]));
}

const declaredPaths = new WeakMap<Express, ReadonlySet<string>>();

/** Throws AppError `internal` if the app serves a path under /v1 that no declaration contains. */
export function refuseUndeclared(app: Express): void {
  for (const { route } of app.router.stack) {
    const path = route?.path;
    if (path === undefined || !path.startsWith('/v1') || declaredPaths.get(app)?.has(path)) continue;
    const message = `${path} is mounted but not declared: see 'How to declare a route' in the README of packages/http.`;
    throw new AppError({ code: 'internal', message });
  }
}

const verbs = { GET: 'get', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete' } as const;

const expressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

// `/x/export` before `/x/{id}`, which would match it as an id.
const byPath = (a: Route, b: Route): number => {
  const [left, right] = [a.path.replaceAll('{', '~'), b.path.replaceAll('{', '~')];
  return left < right ? -1 : Number(left > right);
};

function refuseDoubles(routes: readonly Route[]): void {
  const seen = new Set<string>();
  for (const { operationId, method, path } of routes) {
    for (const name of [operationId, `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`]) {
      if (seen.has(name)) throw new AppError({ code: 'internal', message: `'${name}' is declared twice` });
      seen.add(name);
    }
  }
}

/**
 * Returns a function that throws 406 if Accept matches none of the route's content types. Weights are ignored, since
 * there is no alternative.
 */
function acceptCheck({ responses, ignoresAccept }: Route): (request: IncomingMessage) => void {
  if (ignoresAccept === true) return () => {};
  const types = Object.values(responses).map(({ type }) => type ?? 'application/json');
  const taken = ['*/*', ...types, ...types.map((type) => type.replace(/\/.*/, '/*'))];
  return ({ headers }) => {
    const accept = headers.accept?.toLowerCase();
    if (accept === undefined || taken.some((range) => accept.includes(range))) return;
    const message = `The response is ${[...new Set(types)].join(' or ')}, which Accept '${accept.slice(0, 80)}' excludes.`;
    throw new AppError({ code: 'not-acceptable', message });
  };
}

type Asked = Readonly<{ request: Request; response: ServerResponse; principal: Principal | null }>;

/** Returns the limits of a request's body: an absent one that is optional needs no type. */
function limitsOf(body: Body<unknown>, { request, response, principal }: Asked): BodyLimits {
  const { maxBytes, types, isOptional, limitsFor } = body;
  if (limitsFor !== undefined) return limitsFor(request.params, { request, response, principal });
  return isOptional && !hasBody(request) ? { maxBytes } : { maxBytes, types };
}

/** Reads a body, or returns it as a stream if it is larger than its declaration holds. */
async function read(body: Body<unknown>, asked: Asked): Promise<Buffer | StreamedRequestBody> {
  const { request, response } = asked;
  const limits = limitsOf(body, asked);
  return body.holdBytes === undefined
    ? readBody(request, response, limits)
    : readOrStream(request, response, { ...limits, holdBytes: body.holdBytes });
}

type Handler = (request: Request, response: ServerResponse) => Promise<void>;

/** Returns the handler of a route; {@link mountRoutes} states the order of its checks. */
function handler(route: Route, options: MountOptions & Readonly<{ limitRate: LimitRate }>): Handler {
  const { authenticate, limitRate } = options;
  const checkAccept = acceptCheck(route);
  const checkParams = paramsCheck(route);
  const { access, query, body, takes = [] } = route;
  const takesIfMatch = takes.includes('If-Match');
  const idempotency = idempotencyOf(route);
  const takesKey = idempotency === 'stored' || idempotency === 'derived';
  const answer = idempotency === 'stored' ? answeringOnce(route, options.idempotency) : route.handle;
  return async (request, response) => {
    const { ticket, ...given } = request.query;
    const isByTicket = ticket !== undefined && route.redeemTicket !== undefined;
    const principal = isByTicket
      ? ((await route.redeemTicket?.(String(ticket))) ?? null)
      : typeof access === 'string'
        ? await authorize(request, authenticate, access)
        : null;
    if (principal !== null) await limitRate(principal, response);
    checkAccept(request);
    const bytes = body === undefined ? undefined : await read(body, { request, response, principal });
    checkParams(request);
    const call = {
      principal,
      params: request.params,
      query: query === undefined ? {} : query.read(isByTicket ? given : request.query),
      body: undefined as unknown,
      ifMatch: takesIfMatch ? ifMatchOf(request) : null,
      idempotencyKey: takesKey ? idempotencyKeyOf(request) : null,
      run: { id: newIdOf(route)(Date.now()), isRepeat: false },
      request,
      response,
    };
    try {
      if (bytes !== undefined) call.body = Buffer.isBuffer(bytes) ? body?.read(bytes) : bytes;
    } catch (error) {
      await route.find?.({ ...call, body: undefined });
      throw error;
    }
    const reply = await answer(call);
    if (reply !== undefined) sendReply(response, reply);
  };
}

const newIdOf =
  ({ newId }: Route): ((nowMs: number) => string) =>
  (nowMs) =>
    newId === undefined ? `req_${randomUUID().replaceAll('-', '')}` : newId(nowMs);

/**
 * Responds to repeats with the response stored for the Idempotency-Key. The key applies to one API key, route and path.
 */
function answeringOnce(route: Route, parts: IdempotencyParts | undefined) {
  const { operationId, method, path } = route;
  if (parts === undefined) {
    const message = `${operationId} is mounted without a store for its responses: give mountRoutes 'idempotency', or declare 'idempotency' of the route.`;
    throw new AppError({ code: 'internal', message });
  }
  return async (call: Call): Promise<Reply | undefined> => {
    const { idempotencyKey: key, principal, params, query, body, request } = call;
    if (key === null) return route.handle(call);
    const by = { workspace: principal?.workspaceId, consumer: principal?.consumerId, key: principal?.keyId };
    const scope = { by, route: `${method} ${path}`, params };
    const text = Buffer.isBuffer(body) ? body.toString('base64') : body;
    const content = { query, body: text, ifMatch: request.headers['if-match'] };
    return idempotentRequest(parts, { key, scope, content, newId: newIdOf(route) }, async (run) => {
      const reply = await route.handle({ ...call, idempotencyKey: null, run });
      if (reply !== undefined) return reply;
      const message = `${operationId} writes its response itself, so it cannot be stored: declare its 'idempotency'.`;
      throw new AppError({ code: 'internal', message });
    });
  };
}

function paramsCheck({ params, path }: Route): (request: Request) => void {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
  const missing = names.find((name) => params === undefined || !Object.hasOwn(params, name));
  if (missing !== undefined) {
    throw new AppError({ code: 'internal', message: `${path} has no schema for '${missing}'` });
  }
  if (params === undefined) return () => {};
  const isValid = compiledOnFirstUse(() => strictCompiler.compile({ type: 'object', properties: params }));
  return (request) => {
    if (isValid(request.params)) return;
    const message = `There is no ${request.path.slice(0, 200)}.`;
    throw new AppError({ code: 'not-found', message });
  };
}

function otherMethods(routes: readonly Route[]): RequestHandler {
  const methods = routes.map(({ method }): Method | 'HEAD' | 'OPTIONS' => method);
  if (methods.includes('GET')) methods.push('HEAD');
  const allow = [...methods, 'OPTIONS'].join(', ');
  return (request, response) => {
    response.setHeader('allow', allow);
    if (request.method === 'OPTIONS') {
      answerPreflight(request, response, allow);
      response.writeHead(204).end();
    } else {
      const message = `There is no ${request.method} here: there are ${allow}.`;
      throw new AppError({ code: 'method-not-allowed', message });
    }
  };
}
