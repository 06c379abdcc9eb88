import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { toOriginForm } from './origin-form.ts';

/** An upgraded connection: `head` is what the client sent after its request. */
export type Upgrade = Readonly<{ socket: Socket; head: Buffer; response: ServerResponse }>;

const upgrades = new WeakMap<IncomingMessage, Upgrade>();
const requested = Symbol('requested upgrade');

/** Returns true for a request that asks for a WebSocket (RFC 6455 section 4.1). */
const asksForWebSocket = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';

/**
 * Makes requests of a class upgrade to WebSocket alone. A server may ignore any other offer (RFC 9110 section 7.8), and
 * clients make them with ordinary requests: Java's and curl's offer h2c with a POST. Node would take each of them for
 * an upgrade as soon as a server accepts one.
 */
export function ignoreOtherUpgrades(prototype: IncomingMessage): void {
  Object.defineProperty(prototype, 'upgrade', {
    configurable: true,
    get(this: IncomingMessage): boolean {
      return Reflect.get(this, requested) === true && (this.method === 'CONNECT' || asksForWebSocket(this));
    },
    set(this: IncomingMessage, value: unknown) {
      Reflect.set(this, requested, value === true);
    },
  });
}

/**
 * Passes requests for a WebSocket to the app like any other, with a response on their connection: the app checks them
 * in the same way, and refuses them by responding. It accepts one by {@link takeUpgrade}.
 */
export function serveUpgrades(
  server: Server,
  app: RequestListener,
  AppResponse: new (request: IncomingMessage) => ServerResponse,
): void {
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    toOriginForm(request);
    socket.on('error', () => socket.destroy());
    const response = new AppResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => {
      response.detachSocket(socket);
      response.emit('close');
      socket.destroySoon();
    });
    upgrades.set(request, { socket, head, response });
    app(request, response);
  });
}

/** Returns true for a request whose connection can be upgraded. */
export const isUpgrade = (request: IncomingMessage): boolean => upgrades.has(request);

/**
 * Takes the connection of a request over from HTTP; null if it cannot be upgraded. The caller must emit `close` on the
 * response when the connection has closed.
 */
export function takeUpgrade(request: IncomingMessage): Upgrade | null {
  const upgrade = upgrades.get(request);
  if (upgrade === undefined) return null;
  upgrades.delete(request);
  upgrade.response.detachSocket(upgrade.socket);
  upgrade.response.statusCode = 101;
  return upgrade;
}
