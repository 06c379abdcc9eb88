import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { listenOnLoopback } from './listen-on-loopback.ts';
import { type Misbehaviour, type MisbehaviourName, misbehaviours, type Pace } from './misbehaviours.ts';

/** Options of a hostile server. */
export type HostileServerOptions = Readonly<{
  behave: MisbehaviourName | Misbehaviour;
  /** Key and certificate in PEM, for a TLS server; `onServerName` receives the name that a client requests (SNI). */
  tls?: Readonly<{ key: string; cert: string; onServerName?: (name: string) => void }>;
  /** Receives the function that closes the server; pass vitest's `onTestFinished`. */
  cleanUp?: (close: () => Promise<void>) => void;
}>;

/** A socket server on loopback that does not follow HTTP. */
export type HostileServer = Readonly<{
  /** Without a trailing slash. */
  url: string;
  port: number;
  /** Returns the number of open connections. */
  open: () => number;
  /** Returns the number of connections since the start. */
  accepted: () => number;
  /** Returns the number of requests that were read completely. */
  requests: () => number;
  close: () => Promise<void>;
}>;

function paceOf(socket: Socket): Pace {
  const stops: (() => void)[] = [];
  socket.once('close', () => {
    for (const stop of stops) stop();
  });
  return {
    every: (ms, fn) => {
      const timer = setInterval(fn, ms);
      stops.push(() => clearInterval(timer));
    },
    after: (ms, fn) => {
      const timer = setTimeout(fn, ms);
      stops.push(() => clearTimeout(timer));
    },
  };
}

/** Calls `onRequest` after each request, whose body must have a content-length. */
function readRequests(socket: Socket, onRequest: () => void): void {
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const headEnd = pending.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const length = /\r\ncontent-length: *(\d+)/i.exec(pending.toString('latin1', 0, headEnd))?.[1] ?? '0';
      const end = headEnd + 4 + Number(length);
      if (pending.length < end) return;
      pending = pending.subarray(end);
      onRequest();
    }
  });
}

/** Starts a server on a free port of 127.0.0.1 that misbehaves in the given way after each request. */
export async function startHostileServer(options: HostileServerOptions): Promise<HostileServer> {
  const { behave, tls, cleanUp } = options;
  const misbehave: Misbehaviour = typeof behave === 'string' ? misbehaviours[behave] : behave;
  let accepted = 0;
  let requests = 0;
  const onConversation = (socket: Socket) => {
    // Most of these servers cause the client to disconnect early.
    socket.on('error', () => socket.destroy());
    readRequests(socket, () => {
      requests += 1;
      misbehave(socket, paceOf(socket));
    });
  };
  const server =
    tls === undefined
      ? createServer(onConversation)
      : createTlsServer(
          {
            key: tls.key,
            cert: tls.cert,
            SNICallback: (name, done) => {
              tls.onServerName?.(name);
              done(null);
            },
          },
          onConversation,
        );
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    socket.on('error', () => socket.destroy());
  });
  const { port, sockets, close } = await listenOnLoopback(server);
  cleanUp?.(close);
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    open: () => sockets.size,
    accepted: () => accepted,
    requests: () => requests,
    close,
  };
}
