import { connect as netConnect, type Socket } from 'node:net';
import { type SecureContext, type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { Clock } from '@tidings/runtime';
import { failureOf } from './failure.ts';
import { canonicalAddress, parseAddress } from './networks.ts';
import type { EgressFailure } from './outcome.ts';

/** Opens a TCP connection to a literal address. A port, so that a test can prove that nothing was dialled. */
export type Dial = (address: string, port: number) => Socket;

/** {@link Dial} by node:net. The address is a literal, so no lookup happens here or below. */
export const dialTcp: Dial = (address, port) =>
  netConnect({ host: address, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });

/** Where to connect: addresses that were all checked, and the name that TLS must prove (SNI). */
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

/** How {@link connectGuarded} goes about it. */
export type ConnectOptions = Readonly<{
  dial: Dial;
  clock: Clock;
  /** Over TCP and TLS, milliseconds. */
  timeoutMs: number;
  onPhase: (phase: 'connect' | 'tls') => void;
}>;

// RFC 8305: a second address is tried beside a silent first one after this long.
const staggerMs = 250;
// A name with a hundred addresses must not make a hundred connections.
const maxDialled = 6;

/** IPv4 and IPv6 in turn, IPv4 first. */
function dialOrder(addresses: readonly string[]): readonly string[] {
  const v4 = addresses.filter((address) => !address.includes(':'));
  const v6 = addresses.filter((address) => address.includes(':'));
  const order: string[] = [];
  for (let index = 0; index < Math.max(v4.length, v6.length); index += 1) {
    order.push(...v4.slice(index, index + 1), ...v6.slice(index, index + 1));
  }
  return order.slice(0, maxDialled);
}

type Race = {
  readonly sockets: Map<Socket, string>;
  readonly stop: () => void;
};

type RaceEvents = Readonly<{
  onConnected: (socket: Socket, address: string) => void;
  onExhausted: (error: unknown) => void;
}>;

/** Dials the addresses one after the other, the next one early when the last is silent. The first to answer wins. */
function race({ addresses, port }: Destination, { dial, clock }: ConnectOptions, events: RaceEvents): Race {
  const order = dialOrder(addresses);
  const sockets = new Map<Socket, string>();
  let next = 0;
  let cancelTimer = () => {};
  const stop = () => {
    cancelTimer();
    for (const socket of sockets.keys()) socket.destroy();
    sockets.clear();
  };
  const dialNext = () => {
    cancelTimer();
    const address = order[next];
    if (address === undefined) return;
    next += 1;
    const socket = dial(address, port);
    sockets.set(socket, address);
    socket.once('connect', () => {
      sockets.delete(socket);
      stop();
      events.onConnected(socket, address);
    });
    // Stays for the socket's whole life: an error that comes between two owners must not end the process.
    socket.on('error', (error) => {
      if (!sockets.delete(socket)) return;
      if (next < order.length) dialNext();
      else if (sockets.size === 0) events.onExhausted(error);
    });
    if (next < order.length) cancelTimer = clock.setTimer(dialNext, staggerMs);
  };
  dialNext();
  return { sockets, stop };
}

function startTls(socket: Socket, hostname: string, secureContext: SecureContext): TLSSocket {
  const isLiteral = parseAddress(hostname) !== null;
  return tlsConnect({
    socket,
    secureContext,
    host: hostname,
    // SNI may not carry an address (RFC 6066); the certificate is then checked against `host`.
    ...(isLiteral ? {} : { servername: hostname }),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: true,
  });
}

/**
 * Connects to exactly the checked addresses and to nothing else: addresses are dialled as literals, and the peer's
 * address is compared once more before the first byte is written. Never rejects. The returned function gives up.
 */
export function connectGuarded(
  destination: Destination,
  options: ConnectOptions,
  done: (result: ConnectResult) => void,
): () => void {
  const { clock, timeoutMs, onPhase } = options;
  const startedMs = clock.monotonicMs();
  let phase: 'connect' | 'tls' = 'connect';
  let held: Socket | undefined;
  let isDone = false;

  const finish = (result: ConnectResult) => {
    if (isDone) return;
    isDone = true;
    cancelTimer();
    running?.stop();
    if (!result.ok) held?.destroy();
    done(result);
  };
  const fail = (error: unknown) => finish({ ok: false, failure: failureOf(error, phase) });
  const cancelTimer = clock.setTimer(
    () => fail(Object.assign(new Error(`no connection within ${timeoutMs} ms`), { code: 'ETIMEDOUT' })),
    timeoutMs,
  );

  const onConnected = (socket: Socket, address: string) => {
    held = socket;
    const peer = canonicalAddress(socket.remoteAddress ?? '');
    if (peer !== address) {
      const detail = `connected to '${peer}' instead of the checked address ${address}`;
      return finish({ ok: false, failure: { reason: 'blocked-address', detail } });
    }
    const connectMs = clock.monotonicMs() - startedMs;
    const { secureContext, hostname } = destination;
    if (secureContext === null) {
      return finish({ ok: true, connection: { socket, remoteAddress: peer, connectMs, tlsMs: null } });
    }
    phase = 'tls';
    onPhase(phase);
    const secure = startTls(socket, hostname, secureContext);
    held = secure;
    secure.on('error', fail);
    secure.once('close', () => fail(new Error('the connection was closed during the TLS handshake')));
    secure.once('secureConnect', () => {
      const tlsMs = clock.monotonicMs() - startedMs - connectMs;
      finish({ ok: true, connection: { socket: secure, remoteAddress: peer, connectMs, tlsMs } });
    });
  };

  onPhase(phase);
  const running: Race | undefined = race(destination, options, { onConnected, onExhausted: fail });
  return () => fail(new Error('given up'));
}
