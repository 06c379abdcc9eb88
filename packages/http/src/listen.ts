import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Logger } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import { answerBrokenRequest } from './broken-request.ts';
import { watchConnections } from './drain.ts';
import { serverClassesOf } from './server-classes.ts';

/**
 * Where to listen (`port` 0: any free one). The times are bounds on slow clients, in milliseconds, with defaults:
 * `headersTimeoutMs` 10,000 for the head, `requestTimeoutMs` 30,000 for the whole request, `keepAliveTimeoutMs` 65,000
 * for an idle connection, `checkIntervalMs` 2,000 between the looks at these.
 */
export type ListenOptions = Readonly<{
  host: string;
  port: number;
  logger: Logger;
  headersTimeoutMs?: number;
  requestTimeoutMs?: number;
  keepAliveTimeoutMs?: number;
  checkIntervalMs?: number;
}>;

/** A server that listens. */
export type Listening = Readonly<{
  url: string;
  port: number;
  /** Stops accepting, lets open requests finish, closes idle connections; what is left at the deadline is cut. */
  close: (deadlineMs: number) => Promise<void>;
}>;

const maxHeaderBytes = 16 * 1024;
const maxConnections = 10_000;

/** Serves an app over HTTP/1.1 within bounds for headers, slow clients and connections. Rejects with AppError when the port is taken. */
export async function listen(app: RequestListener, options: ListenOptions): Promise<Listening> {
  const { host, port, logger } = options;
  const server = createServer({
    ...serverClassesOf(app),
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: options.headersTimeoutMs ?? 10_000,
    requestTimeout: options.requestTimeoutMs ?? 30_000,
    keepAliveTimeout: options.keepAliveTimeoutMs ?? 65_000,
    connectionsCheckingInterval: options.checkIntervalMs ?? 2_000,
  });
  server.maxConnections = maxConnections;
  const drain = watchConnections(server);
  server.on('request', app);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    logger.debug({ code: error.code, detail: error.message }, 'http.broken-request');
    answerBrokenRequest(error, socket);
  });
  await bind(server, host, port);
  const bound = (server.address() as AddressInfo).port;
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`, port: bound, close: drain };
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
