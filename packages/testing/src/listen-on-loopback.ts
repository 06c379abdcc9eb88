import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A listening server, and its open connections. */
export type LoopbackListener = Readonly<{
  port: number;
  sockets: ReadonlySet<Socket>;
  /** Destroys the connections and resolves when they and the server are closed. */
  close: () => Promise<void>;
}>;

/** Makes the server listen on a free port of 127.0.0.1. */
export async function listenOnLoopback(server: Server): Promise<LoopbackListener> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    const ended = [...sockets].map((socket) => once(socket, 'close'));
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await Promise.all([closed, ...ended]);
  };
  const { port } = server.address() as AddressInfo;
  return { port, sockets, close };
}
