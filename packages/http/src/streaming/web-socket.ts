import type { IncomingMessage } from 'node:http';
import { AppError } from '@tidings/runtime';
import { WebSocket, WebSocketServer } from 'ws';
import { isUpgrade, takeUpgrade } from '../server/upgrades.ts';

/** A WebSocket that only the server writes to. What the client sends is discarded, up to 1 KiB a message. */
export type WebSocketConnection = Readonly<{
  /** Sends text messages, in one write. */
  send(texts: readonly string[]): void;
  /** Bytes that are written and not sent yet. */
  unsentBytes(): number;
  isClosed(): boolean;
  /** Closes it with a code (RFC 6455 section 7.4) and a short reason, and cuts it if the client does not respond. */
  close(end: Readonly<{ code: number; reason: string; graceMs: number }>): void;
  /** Calls back once when it is closed. */
  onClosed(listener: () => void): void;
}>;

const maxMessageBytes = 1_024;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Returns true for a request that {@link acceptWebSocket} accepts. */
export const isWebSocketRequest = (request: IncomingMessage): boolean => isUpgrade(request);

/** Returns true for a list of distinct subprotocols (RFC 6455 section 4.1); the library leaves others without a word. */
function areProtocols(list: string | undefined): boolean {
  const names = list?.split(',').map((name) => name.trim()) ?? [];
  return names.every((name) => token.test(name)) && new Set(names).size === names.length;
}

/**
 * Accepts a WebSocket. Rejects with AppError `invalid-request` (400) for a request that is not a proper handshake, and
 * `closed` if its connection has ended.
 */
export async function acceptWebSocket(request: IncomingMessage): Promise<WebSocketConnection> {
  const { 'sec-websocket-version': spoken, 'sec-websocket-key': key = '' } = request.headers;
  if (spoken !== '13' || !/^[+/0-9A-Za-z]{22}==$/.test(key)) {
    const message = `A WebSocket needs Sec-WebSocket-Version: 13 and a Sec-WebSocket-Key, got version '${String(spoken).slice(0, 20)}'.`;
    throw new AppError({ code: 'invalid-request', message });
  }
  const protocols = request.headers['sec-websocket-protocol'];
  if (!areProtocols(protocols)) {
    const message = `Sec-WebSocket-Protocol must be a list of distinct names, got '${protocols?.slice(0, 40)}'.`;
    throw new AppError({ code: 'invalid-request', message });
  }
  // The library would cut it, and call back never.
  if (!request.socket.readable || !request.socket.writable) {
    request.socket.destroy();
    throw new AppError({ code: 'closed', message: 'the connection has ended' });
  }
  const upgrade = takeUpgrade(request);
  if (upgrade === null) throw new AppError({ code: 'internal', message: 'the request cannot be upgraded' });
  const { socket, head, response } = upgrade;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
  });
  return new Promise((resolve) => {
    server.handleUpgrade(request, socket, head, (client) => {
      client.once('close', () => response.emit('close'));
      // The library closes the connection after an error; its listener must exist.
      client.on('error', () => client.terminate());
      resolve({
        send: (texts) => {
          if (client.readyState !== WebSocket.OPEN) return;
          socket.cork();
          for (const text of texts) client.send(text);
          socket.uncork();
        },
        unsentBytes: () => client.bufferedAmount,
        isClosed: () => client.readyState !== WebSocket.OPEN,
        close: ({ code, reason, graceMs }) => {
          const timer = setTimeout(() => client.terminate(), graceMs);
          client.once('close', () => clearTimeout(timer));
          client.close(code, reason);
        },
        onClosed: (listener) => {
          if (client.readyState === WebSocket.CLOSED) listener();
          else client.once('close', listener);
        },
      });
    });
  });
}
