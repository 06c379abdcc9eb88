import type { Socket } from 'node:net';
import { Client } from 'undici';
import type { Connection } from './guarded-connect.ts';
import { HeadReader } from './response-head.ts';

/** Bounds that every HTTP/1.1 client gets. */
export type HttpBounds = Readonly<{ idleTimeoutMs: number; maxHeaderBytes: number }>;

/** Who reads an answer, and is told when no answer may be so. */
export interface AnswerReader {
  onViolation(detail: string): void;
}

const portionBytes = 2_048;

function isUndiciCode(code: unknown): boolean {
  return typeof code === 'string' && code.startsWith('UND_ERR');
}

/**
 * One connected socket and the undici client that speaks HTTP/1.1 on it. One request at a time. A client that loses
 * its socket never gets another, so no request can end on a connection that was not checked for it.
 */
export class PooledConnection {
  readonly client: Client;
  readonly connection: Connection;
  /** The policy under which the connection was checked. */
  readonly generation: number;
  /** False for the first request. */
  isReused = false;
  /** Among idle ones. */
  index = -1;
  /** Since when it is idle, as a number that rises with each. */
  idleSince = 0;
  /**
   * Why the connection ended, if it did so by itself: what undici reports is often only what it did about it. A TLS alert
   * after the handshake, for one, comes from it as "other side closed".
   */
  cause: Error | undefined;
  #maxBytes = Number.POSITIVE_INFINITY;
  #maxBytesRead = Number.POSITIVE_INFINITY;
  #reader: AnswerReader | undefined;
  readonly #head: HeadReader;

  constructor(origin: string, connection: Connection, bounds: HttpBounds & { generation: number }) {
    this.connection = connection;
    this.generation = bounds.generation;
    const { socket } = connection;
    this.#head = new HeadReader(bounds.maxHeaderBytes);
    socket.once('error', (error) => {
      this.cause = error;
    });
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
  limitTo(maxBytes: number, reader: AnswerReader): void {
    this.#maxBytes = maxBytes;
    this.#maxBytesRead = this.connection.socket.bytesRead + maxBytes;
    this.#reader = reader;
  }

  /** The request is being written: what is read from now on is its answer. */
  expectAnswer(): void {
    this.#head.begin();
  }

  /** Its reader is done with it: what lies idle must not keep alive what it was used for. */
  markIdle(): void {
    this.#reader = undefined;
  }

  get isOpen(): boolean {
    return !this.connection.socket.destroyed;
  }

  /** False when it is closed, or nobody knows where its last answer ended. */
  get canBeUsedAgain(): boolean {
    return this.isOpen && !this.#head.isMended;
  }

  /** Destroys the socket, and with it whatever runs on it. */
  destroy(): void {
    this.connection.socket.destroy();
    this.client.destroy(null, () => {});
  }

  /**
   * Gives undici's parser what was read in small portions, heads as it takes them, and nothing more after a flood or a
   * violation.
   *
   * Once the header bound is passed, undici 7 makes one error for each further header line in the chunk at hand: a
   * chunk of 64 KB of short lines took 105 ms of CPU. And chunk extensions, which HTTP does not bound, reach neither
   * the parser's bounds nor the exchange's.
   */
  #portion(socket: Socket): void {
    const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
    const readPortion = (): Buffer | null =>
      socket.readableLength > portionBytes ? read(portionBytes) : read();
    socket.read = (size?: number) => {
      // The stream's own calls name a size.
      if (size !== undefined) return read(size);
      for (;;) {
        if (!this.#mayRead(socket)) return null;
        const chunk = readPortion();
        if (chunk === null) return null;
        const step = this.#head.take(chunk);
        if (step.kind === 'bytes') return step.bytes;
        if (step.kind === 'violation') {
          this.#reader?.onViolation(step.detail);
          return null;
        }
      }
    };
  }

  #mayRead(socket: Socket): boolean {
    if (socket.bytesRead > this.#maxBytesRead) {
      this.#reader?.onViolation(`more than ${this.#maxBytes} bytes`);
      return false;
    }
    // Ended by undici itself. A socket that the peer has reset is read to its end.
    return socket.errored === null || !('code' in socket.errored) || !isUndiciCode(socket.errored.code);
  }
}
