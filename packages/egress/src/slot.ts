import type { Socket } from 'node:net';
import { Client } from 'undici';
import type { Connection } from './guarded-connect.ts';

/** Bounds that every HTTP/1.1 client gets. */
export type HttpBounds = Readonly<{ idleTimeoutMs: number; maxHeaderBytes: number }>;

/** Who reads an answer, and is told when there is too much of it. */
export interface FloodWatcher {
  onFlood(): void;
}

const portionBytes = 2_048;

function isUndiciCode(code: unknown): boolean {
  return typeof code === 'string' && code.startsWith('UND_ERR');
}

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
  /** Among idle ones. */
  place = -1;
  /** Since when it is idle, as a number that rises with each. */
  idleSince = 0;
  #maxBytesRead = Number.POSITIVE_INFINITY;
  #reader: FloodWatcher | undefined;

  constructor(origin: string, connection: Connection, bounds: HttpBounds & { generation: number }) {
    this.connection = connection;
    this.generation = bounds.generation;
    const { socket } = connection;
    this.#portion(socket);
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
        const isGone = isTaken || socket.destroyed;
        isTaken = true;
        // Not at once: undici ignores a connection that is there before its connect call returns.
        queueMicrotask(() => {
          if (isGone)
            callback(Object.assign(new Error('the socket was closed'), { code: 'ECONNRESET' }), null);
          else callback(null, socket);
        });
      },
    });
  }

  /** Tells `reader` when the socket has read more than `maxBytes` from now on, whatever the bytes are. */
  limitTo(maxBytes: number, reader: FloodWatcher): void {
    this.#maxBytesRead = this.connection.socket.bytesRead + maxBytes;
    this.#reader = reader;
  }

  /** Its reader is done with it: what lies idle must not keep alive what it was used for. */
  rest(): void {
    this.#reader = undefined;
  }

  get isOpen(): boolean {
    return !this.connection.socket.destroyed;
  }

  /** Destroys the socket, and with it whatever runs on it. */
  destroy(): void {
    this.connection.socket.destroy();
    this.client.destroy(null, () => {});
  }

  /**
   * Gives undici's parser what was read in small portions, and nothing more after a flood or a violation.
   *
   * Once the header bound is passed, undici 7 makes one error for each further header line in the chunk at hand: a
   * chunk of 64 KB of short lines took 105 ms of CPU. And chunk extensions, which HTTP does not bound, reach neither
   * the parser's bounds nor the exchange's.
   */
  #portion(socket: Socket): void {
    const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
    socket.read = (size?: number) => {
      if (socket.bytesRead > this.#maxBytesRead) {
        this.#reader?.onFlood();
        return null;
      }
      // Ended by undici itself. A socket that the peer has reset is read to its end.
      if (socket.errored !== null && 'code' in socket.errored && isUndiciCode(socket.errored.code))
        return null;
      return size === undefined && socket.readableLength > portionBytes ? read(portionBytes) : read(size);
    };
  }
}
