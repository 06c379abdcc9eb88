import type { IncomingMessage, ServerResponse } from 'node:http';
import { isStream } from '@tidings/http';
import type { Clock } from '@tidings/runtime';
import type { Express } from 'express';
import { type RoutedService, serviceOf } from '../domain/route-table.ts';
import { Forwarder, type ForwarderOptions, pathOf } from './forward-to-instance.ts';
import { OpenStreams, type StreamLease } from './open-streams.ts';
import { UpstreamConnections } from './upstream-connections.ts';

/** Options of the proxy, and how many requests are forwarded to ingress at once. */
export type ApiProxyOptions = ForwarderOptions &
  Readonly<{
    maxIngressRequests: number;
    /**
     * Completes a request before it is forwarded, and returns what keeps a stream open; null: nothing but its client. Throws
     * AppError for a request that must not be forwarded.
     */
    prepare: (request: IncomingMessage, response: ServerResponse) => StreamLease | null;
    clock: Clock;
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

/** Creates the proxy, which routes /v1 requests by path over pooled connections. */
export function createApiProxy(options: ApiProxyOptions): ApiProxy {
  const { prepare, metrics, clock } = options;
  const connections = new UpstreamConnections(options.maxIngressRequests);
  const streams = new OpenStreams(clock);
  const forwarder = new Forwarder(options, connections, streams);
  return {
    mount: (app) => {
      app.use((request, response, next) => {
        const target = serviceOf(pathOf(request));
        if (target === null) return next();
        if (!connections.admit(target, response)) return;
        const lease = prepare(request, response);
        observe(target, response, metrics);
        forwarder.forward(target, { request, response, lease, tried: new Set() });
      });
    },
    endStreams: () => streams.end(),
    endSignedOut: () => streams.endSignedOut(),
    close: () => connections.close(),
  };
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
