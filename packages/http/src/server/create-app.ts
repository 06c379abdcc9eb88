import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { createMetrics, isRecorded, type Logger, type Metrics, traceFields } from '@tidings/observability';
import { AppError, type Health, messageOf } from '@tidings/runtime';
import express, { type ErrorRequestHandler, type Express, type Request } from 'express';
import { loggedPath, withoutValues } from '../problems/logged-text.ts';
import { problem, problemFromError } from '../problems/problem.ts';
import { refuseUndeclared } from '../routing/mount-routes.ts';
import { originalUrlOf, setAddress, traceIdOf, traceparentOf } from '../routing/request-state.ts';
import { isStream } from '../streaming/is-stream.ts';
import { checkHead } from './check-request-head.ts';
import { allowAnyOrigin } from './cross-origin.ts';
import { httpMetrics } from './http-metrics.ts';
import { allMethods } from './malformed-request.ts';
import { recordRequest } from './record-request.ts';
import { bindServerClasses } from './server-classes.ts';
import { mountSystemRoutes } from './system-routes.ts';
import { declaredBytes } from './unread-body.ts';

/**
 * Options of an app. `maxBodyBytes`: a request that declares a larger body receives 413 at once (default 8 MiB).
 * `routes` mounts the routes: those under /v1 by `mountRoutes`, any other is refused.
 * `trustedProxies`: networks whose X-Forwarded-For is trusted (CIDRs, or `loopback`, `linklocal`, `uniquelocal`).
 * `hasMetrics`: serves GET /metrics (default true); set it to false if the server is public.
 */
export type AppOptions = Readonly<{
  service: string;
  logger: Logger;
  metrics: Pick<Metrics, 'registry' | 'text'>;
  health: Health;
  maxBodyBytes?: number;
  trustedProxies?: readonly string[];
  hasMetrics?: boolean;
  routes?: (app: Express) => void;
}>;

const defaultMaxBodyBytes = 8 * 1024 * 1024;

/**
 * Creates an express app with the parts that every service has: trace context and request id, metrics, /live /ready
 * /metrics, the given routes, problem+json for every thrown error and for unknown routes. It never reveals internals.
 */
export function createApp(options: AppOptions): Express {
  const { service, logger, metrics, health, maxBodyBytes = defaultMaxBodyBytes, routes } = options;
  const { trustedProxies = [], hasMetrics = true } = options;
  const app = express();
  bindServerClasses(app);
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  // A path has one spelling, so that a proxy that routes or limits by path decides in the same way.
  app.enable('case sensitive routing').enable('strict routing');
  app.set('trust proxy', [...trustedProxies]);
  const { handles } = createMetrics(httpMetrics, { service, registry: metrics.registry });
  app.use((request, response, next) => {
    observe(request, response, handles);
    allowAnyOrigin(request, response);
    const refusal = checkHead(request);
    if (refusal !== undefined) {
      logger.debug({ status: refusal.status, detail: withoutValues(refusal.detail) }, 'http.refused');
      if (refusal.isUnframed) response.setHeader('connection', 'close');
      return problem(response, refusal);
    }
    setAddress(request, addressBehindProxies(request));
    if ((declaredBytes(request) ?? 0) <= maxBodyBytes) return next();
    const message = `The body may have at most ${maxBodyBytes} bytes, got ${request.headers['content-length']}.`;
    return next(new AppError({ code: 'payload-too-large', message }));
  });
  mountSystemRoutes(app, { service, health, ...(hasMetrics ? { metrics } : {}) });
  routes?.(app);
  refuseUndeclared(app);
  app.use((request, response) => {
    // Requests the options of the server as a whole (RFC 9110 section 9.3.7).
    if (request.url === '*') return void response.writeHead(204, { allow: allMethods }).end();
    const message = `There is no ${request.method} ${request.path.slice(0, 200)}.`;
    throw new AppError({ code: 'not-found', message });
  });
  app.use(errorHandler(logger));
  return app;
}

// The right-most address of X-Forwarded-For that belongs to no trusted proxy. Text that is not an address was not
// written by a proxy.
function addressBehindProxies({ ip, socket }: Request): string {
  const address = ip !== undefined && isIP(ip) !== 0 ? ip : (socket.remoteAddress ?? 'unknown');
  // A dual-stack socket shows IPv4 as IPv6: both forms must count as one caller.
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

type HttpHandles = Metrics<typeof httpMetrics>['handles'];

function observe(request: Request, response: ServerResponse, handles: HttpHandles): void {
  const beganMs = performance.now();
  response.setHeader('x-request-id', traceIdOf(request));
  handles.openRequests.inc({});
  response.once('close', () => {
    handles.openRequests.dec({});
    const status = response.writableFinished ? `${Math.floor(response.statusCode / 100)}xx` : 'aborted';
    const route = routeOf(request);
    if (response.statusCode === 429) handles.rateLimited.inc({ route });
    // Its end says nothing about the time of a response.
    if (isStream(response)) return;
    const method = knownMethod(request.method);
    const traceparent = traceparentOf(request);
    const tookMs = performance.now() - beganMs;
    handles.requestSeconds.observe({ method, route, status }, tookMs / 1000, traceparent);
    if (isRecorded(traceparent)) recordRequest(request, { response, method, route, traceparent, tookMs });
  });
}

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

// Labels must be a closed set: invented methods and paths could otherwise exhaust the memory.
function knownMethod(method: string): string {
  return methods.has(method) ? method : 'other';
}

function routeOf(request: Request): string {
  const route: unknown = request.route;
  if (typeof route !== 'object' || route === null || !('path' in route)) return 'none';
  return `${request.baseUrl}${String(route.path)}`;
}

function errorHandler(logger: Logger): ErrorRequestHandler {
  // oxlint-disable-next-line max-params -- express recognises an error handler by its four parameters
  return (error, request, response, _next) => {
    const answer = problemFromError(error);
    const isCounted = error instanceof AppError && error.isCounted;
    if (!isCounted) logRefusal(logger, request, { error, status: answer.status });
    problem(response, { ...answer });
  };
}

type Refusal = Readonly<{ error: unknown; status: number }>;

function logRefusal(logger: Logger, request: IncomingMessage, { error, status }: Refusal): void {
  const fields = {
    method: request.method,
    path: loggedPath(originalUrlOf(request)),
    status,
    ...traceFields(traceparentOf(request)),
  };
  if (status === 500) logger.error({ ...fields, error }, 'http.failed');
  else if (status > 500) logger.warn({ ...fields, detail: messageOf(error) }, 'http.unavailable');
  else logger.debug({ ...fields, detail: withoutValues(messageOf(error)) }, 'http.refused');
}
