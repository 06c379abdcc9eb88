import type { Socket } from 'node:net';
import { type SecureContext, type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { Clock } from '@tidings/runtime';
import { type EgressFailure, failureOf } from '../failure.ts';
import { canonicalAddress, parseAddress } from '../policy/networks.ts';
import { type Dial, dialFirst } from './dial-first.ts';

/** The target of a connection: addresses that were all checked, and the name that TLS must verify (SNI). */
export type Destination = Readonly<{
  addresses: readonly string[];
  port: number;
  hostname: string;
  secureContext: SecureContext | null;
}>;

/** A connection whose peer is one of the checked addresses. */
export type Connection = Readonly<{
  socket: Socket;
  remoteAddress: string;
  connectMs: number;
  tlsMs: number | null;
}>;

/** The result of {@link connectGuarded}. */
export type ConnectResult =
  | Readonly<{ ok: true; connection: Connection }>
  | Readonly<{ ok: false; failure: EgressFailure }>;

/** Options of {@link connectGuarded}. */
export type ConnectOptions = Readonly<{
  dial: Dial;
  clock: Clock;
  /** Timeout of TCP and TLS together, in milliseconds. */
  timeoutMs: number;
  onPhase: (phase: 'connect' | 'tls') => void;
}>;

function startTls(socket: Socket, hostname: string, secureContext: SecureContext): TLSSocket {
  const isLiteral = parseAddress(hostname) !== null;
  return tlsConnect({
    socket,
    secureContext,
    host: hostname,
    // SNI must not contain an address (RFC 6066); the certificate is then checked against `host`.
    ...(isLiteral ? {} : { servername: hostname }),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: true,
  });
}

type ConnectTask = Readonly<{
  destination: Destination;
  options: ConnectOptions;
  done: (result: ConnectResult) => void;
}>;

/** One connection attempt: dialled, compared, then secured. It ends once and releases its resources. */
class ConnectAttempt {
  readonly #task: ConnectTask;
  readonly #startedMs: number;
  readonly #cancelTimer: () => void;
  readonly #stopDialling: () => void;
  #phase: 'connect' | 'tls' = 'connect';
  #held: Socket | undefined;
  #isDone = false;

  constructor(task: ConnectTask) {
    const { destination, options } = task;
    this.#task = task;
    this.#startedMs = options.clock.monotonicMs();
    this.#cancelTimer = options.clock.setTimer(() => this.#onTimeout(), options.timeoutMs);
    options.onPhase(this.#phase);
    this.#stopDialling = dialFirst(destination, options, {
      onConnected: (socket, address) => this.#compare(socket, address),
      onExhausted: (error) => this.fail(error),
    });
  }

  /** Ends the attempt unless it has ended. */
  fail(error: unknown): void {
    this.#finish({ ok: false, failure: failureOf(error, this.#phase) });
  }

  #onTimeout(): void {
    const { timeoutMs } = this.#task.options;
    this.fail(Object.assign(new Error(`no connection within ${timeoutMs} ms`), { code: 'ETIMEDOUT' }));
  }

  #compare(socket: Socket, address: string): void {
    this.#held = socket;
    const peer = canonicalAddress(socket.remoteAddress ?? '');
    if (peer !== address) {
      const detail = `connected to '${peer}' instead of the checked address ${address}`;
      this.#finish({ ok: false, failure: { reason: 'blocked-address', detail } });
      return;
    }
    const connectMs = this.#task.options.clock.monotonicMs() - this.#startedMs;
    const connection: Connection = { socket, remoteAddress: peer, connectMs, tlsMs: null };
    const { secureContext } = this.#task.destination;
    if (secureContext === null) this.#finish({ ok: true, connection });
    else this.#secure(connection, secureContext);
  }

  #secure(plain: Connection, secureContext: SecureContext): void {
    const { destination, options } = this.#task;
    this.#phase = 'tls';
    options.onPhase(this.#phase);
    const socket = startTls(plain.socket, destination.hostname, secureContext);
    this.#held = socket;
    socket.on('error', (error) => this.fail(error));
    socket.once('close', () => this.fail(new Error('the connection was closed during the TLS handshake')));
    socket.once('secureConnect', () => {
      const tlsMs = options.clock.monotonicMs() - this.#startedMs - plain.connectMs;
      this.#finish({ ok: true, connection: { ...plain, socket, tlsMs } });
    });
  }

  #finish(result: ConnectResult): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#cancelTimer();
    this.#stopDialling();
    if (!result.ok) this.#held?.destroy();
    this.#task.done(result);
  }
}

/**
 * Connects only to the checked addresses (SSRF guard): it dials them as literals, and compares the peer's address once more before
 * the first byte is written. Never rejects. The returned function cancels the attempt.
 */
export function connectGuarded(
  destination: Destination,
  options: ConnectOptions,
  done: (result: ConnectResult) => void,
): () => void {
  const attempt = new ConnectAttempt({ destination, options, done });
  return () => attempt.fail(new Error('the connect was cancelled'));
}
