import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Logger } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import { loggedPath } from '../problems/logged-text.ts';
import { type Problem, problem } from '../problems/problem.ts';
import { originalUrlOf, traceIdOf } from '../routing/request-state.ts';
import { refuseConnect, respondToBrokenRequest } from './broken-request.ts';
import { allowAnyOrigin } from './cross-origin.ts';
import { watchConnections } from './drain-connections.ts';
import { maxHeaderBytes } from './malformed-request.ts';
import { toOriginForm } from './origin-form.ts';
import { serverClassesOf } from './server-classes.ts';
import { createTurns } from './take-turns.ts';
import { declaredBytes, discardUnreadBodies, hasBody } from './unread-body.ts';
import { serveUpgrades } from './upgrades.ts';

/**
 * The address to listen on (`port` 0: any free one). The times limit slow clients, in milliseconds, with defaults:
 * `headersTimeoutMs` 10,000 for the head, `requestTimeoutMs` 30,000 for the whole request, `keepAliveTimeoutMs` 65,000
 * for an idle connection, `checkIntervalMs` 2,000 between the checks of these.
 */
export type ListenOptions = Readonly<{
  host: string;
  port: number;
  logger: Logger;
  headersTimeoutMs?: number;
  requestTimeoutMs?: number;
  keepAliveTimeoutMs?: number;
  checkIntervalMs?: number;
  /** The time for which a closing server goes on to accept requests, in milliseconds. Default 0. */
  drainDelayMs?: number;
  /**
   * Called with every request before the app. A problem that it returns is the response: under overload, that costs half
   * of what one by the app does, and does not show in the metrics of requests. One without a large body is sent in a later turn
   * of the event loop ({@link createTurns}).
   */
  refuse?(request: IncomingMessage): Problem | undefined;
}>;

/** A listening server. */
export type Listening = Readonly<{
  url: string;
  port: number;
  /** Stops accepting after the delay, lets open requests finish, closes idle connections, and cuts the rest at the deadline. */
  close: (deadlineMs: number) => Promise<void>;
}>;

const maxConnections = 10_000;

/**
 * Serves an app over HTTP/1.1 with limits for headers, slow clients and connections. Rejects with AppError if the port
 * is in use.
 */
export async function listen(app: RequestListener, options: ListenOptions): Promise<Listening> {
  const { host, port, logger, drainDelayMs = 0 } = options;
  const server = createServer({
    ...serverClassesOf(app),
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: options.headersTimeoutMs ?? 10_000,
    requestTimeout: options.requestTimeoutMs ?? 30_000,
    keepAliveTimeout: options.keepAliveTimeoutMs ?? 65_000,
    connectionsCheckingInterval: options.checkIntervalMs ?? 2_000,
    // The app checks it, and responds with the reason.
    requireHostHeader: false,
  });
  server.maxConnections = maxConnections;
  // Node would silently drop the fields beyond its limit; the app limits them instead.
  server.maxHeadersCount = 0;
  const drain = watchConnections(server);
  discardUnreadBodies(server, (request) => {
    logger.info({ method: request.method, path: loggedPath(originalUrlOf(request)) }, 'http.body-cut');
  });
  serveApp(server, app, options.refuse);
  serveUpgrades(server, app, serverClassesOf(app).ServerResponse);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    logger.debug({ code: error.code, detail: error.message }, 'http.broken-request');
    respondToBrokenRequest(error, socket);
  });
  await bind(server, host, port);
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    close: async (deadlineMs) => drain(deadlineMs, drainDelayMs),
  };
}

// What has arrived of a body lies in memory until the answer: up to 64 KiB, for each of thousands of connections.
const mostHeldBytes = 16 * 1024;

const isSmall = (request: IncomingMessage): boolean =>
  !hasBody(request) || (declaredBytes(request) ?? Infinity) <= mostHeldBytes;

// Node handles expectations itself without these listeners: `100 Continue` before the request was checked, and 417
// without a body.
function serveApp(server: Server, app: RequestListener, refuse: ListenOptions['refuse']): void {
  const inTurn = createTurns();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    toOriginForm(request);
    const refusal = refuse?.(request);
    if (refusal === undefined) return app(request, response);
    const answer = (): void => {
      if (response.destroyed) return;
      response.setHeader('x-request-id', traceIdOf(request));
      allowAnyOrigin(request, response);
      problem(response, refusal);
    };
    return isSmall(request) ? inTurn(answer) : answer();
  });
  const passOn: RequestListener = (request, response) => void server.emit('request', request, response);
  server.on('checkContinue', passOn).on('checkExpectation', passOn);
  server.on('connect', (_request: IncomingMessage, socket: Socket) => refuseConnect(socket));
}

async function bind(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException) => reject(bindFailure(cause, host, port));
    server.once('error', onError);
    server.listen(port, host, () => {
      server.off('error', onError);
      resolve();
    });
  });
}

function bindFailure(cause: NodeJS.ErrnoException, host: string, port: number): AppError {
  const where = `${host}:${port}`;
  const message =
    cause.code === 'EADDRINUSE'
      ? `port ${port} on ${host} is taken: stop what listens there or choose another port (0 takes any free one)`
      : `cannot listen on ${where}: ${cause.message}`;
  return new AppError({ code: 'unavailable', message, cause });
}
