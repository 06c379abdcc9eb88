import { Client } from 'undici';
import type { Connection } from './guarded-connect.ts';

/** Bounds that every HTTP/1.1 client gets. */
export type HttpBounds = Readonly<{ idleTimeoutMs: number; maxHeaderBytes: number }>;

/**
 * One connected socket and the undici client that speaks HTTP/1.1 on it. One request at a time. A client that loses
 * its socket never gets another, so no request can end on a connection that was not checked for it.
 */
export class Slot {
  readonly client: Client;
  readonly connection: Connection;
  /** The policy under which the connection was checked. */
  readonly generation: number;
  /** False for the first request. */
  isReused = false;

  constructor(origin: string, connection: Connection, bounds: HttpBounds & { generation: number }) {
    this.connection = connection;
    this.generation = bounds.generation;
    let isTaken = false;
    this.client = new Client(origin, {
      pipelining: 1,
      allowH2: false,
      // The exchange keeps one deadline over everything.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: bounds.maxHeaderBytes,
      keepAliveTimeout: bounds.idleTimeoutMs,
      // A server's shorter Keep-Alive hint is obeyed, a longer one is not.
      keepAliveMaxTimeout: bounds.idleTimeoutMs,
      keepAliveTimeoutThreshold: 1_000,
      connect: (_options, callback) => {
        const isGone = isTaken || connection.socket.destroyed;
        isTaken = true;
        // Not at once: undici ignores a connection that is there before its connect call returns.
        queueMicrotask(() => {
          if (isGone)
            callback(Object.assign(new Error('the socket was closed'), { code: 'ECONNRESET' }), null);
          else callback(null, connection.socket);
        });
      },
    });
  }

  get isOpen(): boolean {
    return !this.connection.socket.destroyed;
  }

  /** Destroys the socket, and with it whatever runs on it. */
  destroy(): void {
    this.connection.socket.destroy();
    this.client.destroy(null, () => {});
  }
}
