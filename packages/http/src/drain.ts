import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Closes a server without cutting what it is answering. */
export type Drain = (deadlineMs: number) => Promise<void>;

// What has connected may be about to send its request: it gets this long before it counts as idle.
const graceMs = 250;
const lookMs = 50;

/**
 * Watches a server's connections from its start. The drain stops accepting, answers what is open with
 * `connection: close`, closes each connection that is answering nothing, and cuts the rest at the deadline. Node's own
 * `closeIdleConnections` leaves those that never sent a request, and `close` stops the timeouts that would end them.
 */
export function watchConnections(server: Server): Drain {
  const answering = new Map<Socket, number>();
  let isDraining = false;
  server.on('connection', (socket: Socket) => {
    answering.set(socket, 0);
    socket.once('close', () => answering.delete(socket));
  });
  server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    if (isDraining) response.setHeader('connection', 'close');
    answering.set(socket, (answering.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const left = (answering.get(socket) ?? 0) - 1;
      if (answering.has(socket)) answering.set(socket, left);
    });
  });
  const closeIdle = () => {
    for (const [socket, count] of answering) if (count <= 0) socket.destroy();
  };
  return async (deadlineMs) => {
    isDraining = true;
    await closing(server, { closeIdle, deadlineMs });
  };
}

type Closing = Readonly<{ closeIdle: () => void; deadlineMs: number }>;

async function closing(server: Server, { closeIdle, deadlineMs }: Closing): Promise<void> {
  let look: NodeJS.Timeout | undefined;
  const grace = setTimeout(() => {
    closeIdle();
    look = setInterval(closeIdle, lookMs);
  }, graceMs);
  const cut = setTimeout(() => server.closeAllConnections(), deadlineMs);
  try {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  } finally {
    clearTimeout(grace);
    clearInterval(look);
    clearTimeout(cut);
  }
}
