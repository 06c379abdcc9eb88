import type { Socket } from 'node:net';
import { Client } from 'undici';
import { HeadReader } from '../response/head-reader.ts';
import type { Connection } from './guarded-connect.ts';

/** Limits of every HTTP/1.1 client. */
export type HttpBounds = Readonly<{ idleTimeoutMs: number; maxHeaderBytes: number }>;

/** The reader of a response; `onViolation` reports a response that must not be accepted. */
export interface AnswerReader {
  onViolation(detail: string): void;
}

const portionBytes = 2_048;

function isUndiciCode(code: unknown): boolean {
  return typeof code === 'string' && code.startsWith('UND_ERR');
}

/**
 * One connected socket and the undici client that speaks HTTP/1.1 on it. One request at a time. A client that loses its
 * socket never gets another, so no request can use a connection that was not checked for it.
 */
export class PooledConnection {
  readonly client: Client;
  readonly connection: Connection;
  /** The generation of the policy under which the connection was checked. */
  readonly generation: number;
  /** False for the first request. */
  isReused = false;
  /** The connections that became idle before and after it. */
  older: PooledConnection | undefined;
  newer: PooledConnection | undefined;
  /**
   * The reason why the connection ended by itself: undici often reports only its own reaction. For example, it reports
   * a TLS alert after the handshake as "other side closed".
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
      // The exchange enforces one deadline over everything.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: bounds.maxHeaderBytes,
      keepAliveTimeout: bounds.idleTimeoutMs,
      // A server's shorter Keep-Alive hint is respected, a longer one is not.
      keepAliveMaxTimeout: bounds.idleTimeoutMs,
      keepAliveTimeoutThreshold: 1_000,
      connect: (_options, callback) => {
        const isGone = isTaken || socket.destroyed;
        isTaken = true;
        // Deferred: undici ignores a connection that exists before its connect call returns.
        queueMicrotask(() => {
          if (isGone)
            callback(Object.assign(new Error('the socket was closed'), { code: 'ECONNRESET' }), null);
          else callback(null, socket);
        });
      },
    });
  }

  /** Notifies `reader` when the socket has read more than `maxBytes` of any kind from now on. */
  limitTo(maxBytes: number, reader: AnswerReader): void {
    this.#maxBytes = maxBytes;
    this.#maxBytesRead = this.connection.socket.bytesRead + maxBytes;
    this.#reader = reader;
  }

  /** Marks the start of a request: bytes read from now on are its response. */
  expectAnswer(): void {
    this.#head.begin();
  }

  /** Releases the reader: an idle connection must not keep its last request alive. */
  markIdle(): void {
    this.#reader = undefined;
  }

  get isOpen(): boolean {
    return !this.connection.socket.destroyed;
  }

  /** False if it is closed, or if the end of its last response is uncertain. */
  get canBeUsedAgain(): boolean {
    return this.isOpen && !this.#head.isMended;
  }

  /** Destroys the socket and any request on it. */
  destroy(): void {
    this.connection.socket.destroy();
    this.client.destroy(null, () => {});
  }

  /**
   * Passes read bytes to undici's parser in small portions, heads in the form it accepts, and nothing more after a
   * flood or a violation.
   *
   * After the header limit is exceeded, undici 7 creates one error for each further header line in the current chunk: a
   * chunk of 64 KB of short lines took 105 ms of CPU. Chunk extensions, which HTTP does not limit, count toward neither
   * the parser's limits nor the exchange's.
   */
  #portion(socket: Socket): void {
    const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
    const readPortion = (): Buffer | null =>
      socket.readableLength > portionBytes ? read(portionBytes) : read();
    socket.read = (size?: number) => {
      // The stream's own calls pass a size.
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
