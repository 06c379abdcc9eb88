import type { WebSocketConnection } from '@tidings/http';
import type { EndReason, Sink } from '../ports.ts';
import { closingText } from './event-stream-sink.ts';

const graceMs = 2_000;
const drainCheckMs = 50;

// RFC 6455 section 7.4.1, and the IANA registry: 1012 is a restart, 1013 asks to try again later.
const codes: Readonly<Record<EndReason, number>> = {
  'slow-reader': 1013,
  revoked: 1008,
  unavailable: 1013,
  stopping: 1012,
};

/** Wraps a WebSocket: each frame of the stream is one text message. */
export function webSocketSink(socket: WebSocketConnection): Sink {
  let isEnding = false;
  const isClosed = () => isEnding || socket.isClosed();
  return {
    send: (batch) => {
      if (!isClosed()) socket.send(batch.texts);
    },
    unsentBytes: () => socket.unsentBytes(),
    isClosed,
    drained: async (timeoutMs) => {
      // The library has no event for it.
      const endMs = performance.now() + timeoutMs;
      while (!isClosed() && socket.unsentBytes() > 0 && performance.now() < endMs) {
        await new Promise((resolve) => setTimeout(resolve, drainCheckMs));
      }
    },
    end: (reason) => {
      if (isClosed()) return;
      socket.send([`{"event":"closing","id":null,"data":${closingText(reason)}}`]);
      isEnding = true;
      socket.close({ code: codes[reason], reason, graceMs });
    },
    onClosed: (listener) => socket.onClosed(listener),
  };
}
