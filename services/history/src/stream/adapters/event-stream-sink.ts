import type { ServerResponse } from 'node:http';
import type { EndReason, FrameBatch, Sink } from '../ports.ts';

// Time for the last frame of a connection that does not read, and for one that drains.
const graceMs = 5_000;
const retryMs = 2_000;

const detailOf: Readonly<Record<EndReason, string>> = {
  'slow-reader': 'More than 1 MiB was waiting to be sent: read faster, or select less with filters.',
  revoked: 'The key or token may no longer read this stream: it was revoked or has expired.',
  unavailable: 'The log cannot be read now: connect again with the last id.',
  stopping: 'The server is stopping: connect again with the last id.',
};

/** Returns the last message of a stream. It has no id, so that a reader resumes at the message before. */
export const closingText = (reason: EndReason): string =>
  JSON.stringify({ kind: 'closing', reason, detail: detailOf[reason] });

/** Answers a request with server-sent events (HTML Standard section 9.2). */
export function openEventStream(response: ServerResponse): Sink {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    // No proxy may keep, compress or collect it.
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
  response.socket?.setNoDelay(true);
  // How long EventSource waits before it connects again.
  response.write(`retry: ${retryMs}\n\n`);
  let isEnding = false;
  const isClosed = () => isEnding || response.closed || response.destroyed;
  return {
    send: (batch: FrameBatch) => {
      if (!isClosed()) response.write(batch.sse);
    },
    unsentBytes: () => response.writableLength,
    isClosed,
    drained: async (timeoutMs) => drainedOf(response, timeoutMs),
    end: (reason) => {
      if (isClosed()) return;
      isEnding = true;
      const timer = setTimeout(() => response.destroy(), graceMs);
      response.once('close', () => clearTimeout(timer));
      response.end(`event: closing\nretry: ${retryMs}\ndata: ${closingText(reason)}\n\n`);
    },
    onClosed: (listener) => {
      if (response.closed) listener();
      else response.once('close', listener);
    },
  };
}

async function drainedOf(response: ServerResponse, timeoutMs: number): Promise<void> {
  if (!response.writableNeedDrain || response.destroyed) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    const done = () => {
      clearTimeout(timer);
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.once('drain', done).once('close', done);
  });
}
