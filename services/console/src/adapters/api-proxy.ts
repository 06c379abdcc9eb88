import type { IncomingMessage, ServerResponse } from 'node:http';
import { isStream, isUpgrade, problem, problemFromError } from '@tidings/http';
import type { Logger, Metrics } from '@tidings/observability';
import { AppError, type Clock, messageOf } from '@tidings/runtime';
import type { Express } from 'express';
import { type RoutedService, serviceOf } from '../domain/route-table.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { type ForwardEvents, forwardRequest } from './forward-request.ts';
import { forwardUpgrade } from './forward-upgrade.ts';
import { OpenStreams, type StreamLease } from './open-streams.ts';
import { UpstreamConnections } from './upstream-connections.ts';

/**
 * The targets by service, the idle timeout of a response in milliseconds, and how many requests are forwarded to ingress at
 * once.
 */
export type ApiProxyOptions = Readonly<{
  targets: Readonly<Record<RoutedService, string>>;
  timeoutMs: number;
  maxIngressRequests: number;
  /**
   * Completes a request before it is forwarded, and returns what keeps a stream open; null: nothing but its client. Throws
   * AppError for a request that must not be forwarded.
   */
  prepare: (request: IncomingMessage, response: ServerResponse) => StreamLease | null;
  clock: Clock;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
}>;

/**
 * The proxy. `endStreams` ends what has no end of its own; `endSignedOut` ends that of sessions that were signed out;
 * `close` ends idle connections.
 */
export type ApiProxy = Readonly<{
  mount: (app: Express) => void;
  endStreams: () => void;
  endSignedOut: () => void;
  close: () => void;
}>;

type Prepared = Readonly<{
  request: IncomingMessage;
  response: ServerResponse;
  lease: StreamLease | null;
}>;

const streamPath = '/v1/webhooks/stream';

/** Creates the proxy, which routes /v1 requests by path over pooled connections. */
export function createApiProxy(options: ApiProxyOptions): ApiProxy {
  const { targets, timeoutMs, prepare, logger, metrics, clock } = options;
  const connections = new UpstreamConnections(options.maxIngressRequests);
  const streams = new OpenStreams(clock);
  const eventsOf = (target: RoutedService, { request, response, lease }: Prepared): ForwardEvents => {
    const fields = { target, method: request.method, path: pathOf(request) };
    return {
      onFailed: (error) => {
        logger.warn({ ...fields, detail: messageOf(error) }, 'proxy.failed');
        unavailable(target, response);
      },
      onBroken: () => logger.warn({ ...fields, status: response.statusCode }, 'proxy.response-broken'),
      onStream: (end) => streams.add(response, end, lease),
      onEarlyResponse: (status) => logger.info({ ...fields, status }, 'proxy.response-early'),
    };
  };
  return {
    mount: (app) => {
      app.use((request, response, next) => {
        const target = serviceOf(pathOf(request));
        if (target === null) return next();
        if (!connections.admit(target, response)) return;
        const lease = prepare(request, response);
        observe(target, response, metrics);
        const events = eventsOf(target, { request, response, lease });
        const origin = targets[target];
        if (isUpgrade(request)) return forwardUpgrade(request, response, { origin, timeoutMs, ...events });
        // Streams stay open: with the connections of other requests they would soon have all of them.
        const isForStream = pathOf(request) === streamPath;
        forwardRequest(request, response, {
          origin,
          timeoutMs,
          ...events,
          agent: isForStream ? false : connections.to(target),
        });
      });
    },
    endStreams: () => streams.end(),
    endSignedOut: () => streams.endSignedOut(),
    close: () => connections.close(),
  };
}

// Drops the query, which may contain data that must not be logged.
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
    if (isStream(response)) return;
    const outcome = writableFinished ? `${Math.floor(statusCode / 100)}xx` : 'aborted';
    proxiedSeconds.observe({ target, outcome }, (performance.now() - beganMs) / 1000);
  });
}
