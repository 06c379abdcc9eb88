import type { Agent, IncomingMessage, ServerResponse } from 'node:http';
import { isUpgrade, loggedPath, problem, problemFromError } from '@tidings/http';
import type { Logger, Metrics } from '@tidings/observability';
import { AppError, messageOf } from '@tidings/runtime';
import type { RoutedService } from '../domain/route-table.ts';
import type { Instance, ServiceInstances } from '../instances/domain/service-instances.ts';
import type { InstanceWatch } from '../instances/watch-instances.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { type ForwardEvents, forwardRequest } from './forward-request.ts';
import { forwardUpgrade } from './forward-upgrade.ts';
import type { OpenStreams, StreamLease } from './open-streams.ts';
import type { UpstreamConnections } from './upstream-connections.ts';

/** A request to forward, what keeps a stream open that it opens, and the instances that have got it. */
export type Forwarded = Readonly<{
  request: IncomingMessage;
  response: ServerResponse;
  lease: StreamLease | null;
  tried: Set<Instance>;
}>;

/**
 * The instances of each service, the watch that decides which of them get requests, and the idle timeout of a response in
 * milliseconds.
 */
export type ForwarderOptions = Readonly<{
  targets: Readonly<Record<RoutedService, ServiceInstances>>;
  watch: Pick<InstanceWatch, 'failed' | 'check'>;
  timeoutMs: number;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
}>;

const streamPath = '/v1/webhooks/stream';

/** Forwards requests to instances of services. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #connections: UpstreamConnections;
  readonly #streams: OpenStreams;

  constructor(options: ForwarderOptions, connections: UpstreamConnections, streams: OpenStreams) {
    this.#options = options;
    this.#connections = connections;
    this.#streams = streams;
  }

  /** Forwards a request to an instance that has not got it yet, and to another where it is safe if that fails. */
  forward(target: RoutedService, forwarded: Forwarded): void {
    const { targets, timeoutMs } = this.#options;
    const { request, response, tried } = forwarded;
    const instance = targets[target].pick(tried);
    if (instance === null) {
      unavailable(target, response);
      return;
    }
    tried.add(instance);
    const settings = { origin: instance.url, timeoutMs, ...this.#eventsOf(target, instance, forwarded) };
    if (isUpgrade(request)) forwardUpgrade(request, response, settings);
    else forwardRequest(request, response, { ...settings, agent: this.#agentFor(target, request) });
  }

  #eventsOf(target: RoutedService, instance: Instance, forwarded: Forwarded): ForwardEvents {
    const { targets, watch, logger, metrics } = this.#options;
    const { request, response, lease, tried } = forwarded;
    const fields = { target: instance.name, method: request.method, path: loggedPath(pathOf(request)) };
    const end = targets[target].begin(instance);
    response.once('close', end);
    return {
      onFailed: (error, mayRepeat) => {
        end();
        const detail = messageOf(error);
        watch.failed(targets[target], instance, detail);
        const isRepeated = mayRepeat && targets[target].pick(tried) !== null;
        logger.warn({ ...fields, detail, isRepeated }, 'proxy.failed');
        if (isRepeated) metrics.repeatedRequests.inc({ target });
        if (isRepeated) this.forward(target, forwarded);
        else unavailable(target, response);
      },
      onClosing: () => watch.check(targets[target], instance),
      onBroken: () => logger.warn({ ...fields, status: response.statusCode }, 'proxy.response-broken'),
      onStream: (endStream) => this.#streams.add(response, endStream, lease),
      onEarlyResponse: (status) => logger.info({ ...fields, status }, 'proxy.response-early'),
    };
  }

  // Streams stay open: with the connections of other requests they would soon have all of them.
  #agentFor(target: RoutedService, request: IncomingMessage): Agent | false {
    return pathOf(request) === streamPath ? false : this.#connections.to(target);
  }
}

/** Returns the path of a request without its query, which may contain data that must not be logged. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '/';
}

function unavailable(service: RoutedService, response: ServerResponse): void {
  const message = `The ${service} service does not answer now. The request may or may not have taken effect: repeat it with the same Idempotency-Key.`;
  problem(response, problemFromError(new AppError({ code: 'unavailable', message, isPublic: true })));
}
