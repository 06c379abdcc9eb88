import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { problem, problemFromError, traceparentOf } from '@tidings/http';
import type { Logger, Metrics } from '@tidings/observability';
import { AppError, messageOf } from '@tidings/runtime';
import type { Express, Request, Response } from 'express';
import { createProxyMiddleware, proxyEventsPlugin } from 'http-proxy-middleware';
import { type RoutedService, serviceOf } from '../domain/route-table.ts';
import type { metricsCatalogue } from '../metrics.ts';

/** Where requests go, and how long a service may be silent (milliseconds). */
export type ApiProxyOptions = Readonly<{
  targets: Readonly<Record<RoutedService, string>>;
  timeoutMs: number;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
}>;

/** The proxy; `close` ends its idle connections. */
export type ApiProxy = Readonly<{ mount: (app: Express) => void; close: () => void }>;

const maxSocketsPerService = 256;
const maxIdleSockets = 32;

/**
 * Passes /v1 on by path. Bodies are streamed in both directions and never looked at; connections to the services are
 * kept; whoever goes away, client or service, takes the other side along.
 */
export function createApiProxy(options: ApiProxyOptions): ApiProxy {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: maxSocketsPerService,
    maxFreeSockets: maxIdleSockets,
    scheduling: 'lifo',
  });
  const passOn: Readonly<Record<RoutedService, Pass>> = {
    ingress: createPass('ingress', agent, options),
    subscription: createPass('subscription', agent, options),
    history: createPass('history', agent, options),
  };
  return {
    mount: (app) => {
      app.use((request, response, next) => {
        const service = serviceOf(request.path);
        if (service === null) next();
        else passOn[service](request, response, next);
      });
    },
    close: () => agent.destroy(),
  };
}

type Pass = (request: Request, response: Response, next: (error?: unknown) => void) => void;

function createPass(service: RoutedService, agent: Agent, options: ApiProxyOptions): Pass {
  const { targets, timeoutMs, logger, metrics } = options;
  const proxy = createProxyMiddleware<IncomingMessage, ServerResponse>({
    target: targets[service],
    agent,
    xfwd: true,
    proxyTimeout: timeoutMs,
    // The default plugins would answer errors themselves, in plain text that names our hosts.
    ejectPlugins: true,
    plugins: [proxyEventsPlugin],
    on: {
      proxyReq: (upstream, request, response) => {
        upstream.setHeader('traceparent', traceparentOf(request));
        // Hop by hop: the client's wish to close is not ours.
        upstream.setHeader('connection', 'keep-alive');
        // http-proxy itself does not notice a client that leaves while it waits for the answer.
        response.once('close', () => {
          if (!response.writableFinished) upstream.destroy();
        });
      },
      proxyRes: (answer, _request, response) => keepConnectionHeaders(answer, response),
      error: (error, request, response) => {
        logger.warn({ target: service, path: pathOf(request), detail: messageOf(error) }, 'proxy.failed');
        if ('req' in response) unavailable(service, response);
        else response.destroy();
      },
    },
  });
  return (request, response, next) => {
    observe(service, response, metrics);
    // Node has said `100 Continue` already; passed on, it would make http-proxy skip `proxyReq`.
    delete request.headers['expect'];
    proxy(request, response, next).catch(next);
  };
}

function keepConnectionHeaders(answer: IncomingMessage, response: ServerResponse): void {
  delete answer.headers['keep-alive'];
  // Set while this process drains; the service's own `keep-alive` must not replace it.
  const own = response.getHeader('connection');
  if (own !== undefined) answer.headers['connection'] = String(own);
  else delete answer.headers['connection'];
  // A service that dies in the middle of its answer: without this the client would wait for the rest for ever.
  answer.once('close', () => {
    if (!answer.complete) response.destroy();
  });
}

// Without the query, which may hold what a log should not.
function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '/';
}

function unavailable(service: RoutedService, response: ServerResponse): void {
  const message = `The ${service} service does not answer now. The request may or may not have taken effect: repeat it with the same Idempotency-Key.`;
  problem(response, problemFromError(new AppError({ code: 'unavailable', message, isPublic: true })));
}

type Handles = ApiProxyOptions['metrics'];

function observe(target: RoutedService, response: ServerResponse, { proxiedSeconds }: Handles): void {
  const beganMs = performance.now();
  response.once('close', () => {
    const { statusCode, writableFinished } = response;
    const outcome = writableFinished ? `${Math.floor(statusCode / 100)}xx` : 'aborted';
    proxiedSeconds.observe({ target, outcome }, (performance.now() - beganMs) / 1000);
  });
}
