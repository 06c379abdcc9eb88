import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Closes a server without interrupting responses in progress. `acceptForMs`: how long it goes on to accept requests, so
 * that a load balancer that asks whether it is ready can take it out first.
 */
export type Drain = (deadlineMs: number, acceptForMs: number) => Promise<void>;

// A new connection may be about to send its request: it counts as idle only after this time.
const graceMs = 250;
const checkMs = 50;

/**
 * Tracks a server's connections from its start. The drain stops accepting after a while, responds to open requests with `connection:
 * close`, closes each connection without a response in progress, and cuts the rest at the deadline. Node's own
 * `closeIdleConnections` skips connections that never sent a request, and `close` stops the timeouts that would end
 * them.
 */
export function watchConnections(server: Server): Drain {
  // An array per socket, since responses are added and removed frequently (adr/0012); without pipelining it has one
  // element.
  const answering = new Map<Socket, ServerResponse[]>();
  let isDraining = false;
  server.on('connection', (socket: Socket) => {
    answering.set(socket, []);
    socket.once('close', () => answering.delete(socket));
  });
  server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    if (isDraining) response.setHeader('connection', 'close');
    const responses = answering.get(socket);
    responses?.push(response);
    response.once('close', () => responses?.splice(responses.indexOf(response), 1));
  });
  // Only after a turn of the event loop: what has arrived by now is a request, and has a response, after it.
  const closeIdle = () => {
    for (const [socket, responses] of answering) if (responses.length === 0) socket.destroy();
  };
  const closeConnection = () => {
    for (const response of [...answering.values()].flat()) {
      if (!response.headersSent) response.setHeader('connection', 'close');
    }
  };
  return async (deadlineMs, acceptForMs) => {
    isDraining = true;
    closeConnection();
    if (acceptForMs > 0) await delay(acceptForMs);
    await closing(server, { closeIdle: () => void setImmediate(closeIdle), deadlineMs });
  };
}

type Closing = Readonly<{ closeIdle: () => void; deadlineMs: number }>;

async function closing(server: Server, { closeIdle, deadlineMs }: Closing): Promise<void> {
  let check: NodeJS.Timeout | undefined;
  const grace = setTimeout(() => {
    closeIdle();
    check = setInterval(closeIdle, checkMs);
  }, graceMs);
  const cut = setTimeout(() => server.closeAllConnections(), deadlineMs);
  try {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  } finally {
    clearTimeout(grace);
    clearInterval(check);
    clearTimeout(cut);
  }
}
