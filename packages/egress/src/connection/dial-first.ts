import { connect, type Socket } from 'node:net';
import type { Clock } from '@tidings/runtime';

/** Opens a TCP connection to a literal address. A function type, so that a test can prove that nothing was dialled. */
export type Dial = (address: string, port: number) => Socket;

/** {@link Dial} by node:net. The address is a literal, so no lookup happens here or below. */
export const dialTcp: Dial = (address, port) =>
  connect({ host: address, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });

// RFC 8305: delay before the next address is tried in parallel with one that has not responded.
const staggerMs = 250;
// Bounds the connections for a name with a hundred addresses.
const maxDialled = 6;

/** Returns IPv4 and IPv6 addresses alternately, IPv4 first. */
function dialOrder(addresses: readonly string[]): readonly string[] {
  const v4 = addresses.filter((address) => !address.includes(':'));
  const v6 = addresses.filter((address) => address.includes(':'));
  const order: string[] = [];
  for (let index = 0; index < Math.max(v4.length, v6.length); index += 1) {
    order.push(...v4.slice(index, index + 1), ...v6.slice(index, index + 1));
  }
  return order.slice(0, maxDialled);
}

/** Callbacks for the end of {@link dialFirst}, unless it is stopped before. */
export type DialEvents = Readonly<{
  onConnected: (socket: Socket, address: string) => void;
  onExhausted: (error: unknown) => void;
}>;

/**
 * Dials the addresses in sequence, and the next one early if the last has not responded. The first to connect is used;
 * the others are destroyed. The returned function destroys all that have not connected.
 */
export function dialFirst(
  { addresses, port }: Readonly<{ addresses: readonly string[]; port: number }>,
  { dial, clock }: Readonly<{ dial: Dial; clock: Clock }>,
  events: DialEvents,
): () => void {
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
    // Stays for the socket's lifetime: an error between two owners must not end the process.
    socket.on('error', (error) => {
      if (!sockets.delete(socket)) return;
      if (next < order.length) dialNext();
      else if (sockets.size === 0) events.onExhausted(error);
    });
    if (next < order.length) cancelTimer = clock.setTimer(dialNext, staggerMs);
  };
  dialNext();
  return stop;
}
