import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '@tidings/runtime';
import { askForBody } from '../server/unread-body.ts';
import { type BodyLimits, refuseByHeaders, tooLarge, worded } from './read-body.ts';

/** A body that is too large to be held. Reading it rejects like {@link readBody}; what is not read is discarded. */
export type StreamedRequestBody = AsyncIterable<Buffer>;

/** Limits of a body of which at most `holdBytes` are held in memory. */
export type StreamLimits = BodyLimits & Readonly<{ holdBytes: number }>;

/**
 * Reads a body of at most `holdBytes`; returns a larger one as a stream that begins with what was read. Rejects, and the
 * stream does, as `readBody`.
 */
export async function readOrStream(
  request: IncomingMessage,
  response: ServerResponse,
  limits: StreamLimits,
): Promise<Buffer | StreamedRequestBody> {
  const refusal = refuseByHeaders(request, limits);
  if (refusal !== undefined) throw worded(refusal, limits);
  askForBody(request, response);
  const chunks = chunksOf(request, limits);
  const held: Buffer[] = [];
  let bytes = 0;
  while (bytes <= limits.holdBytes) {
    const { value, done } = await chunks.next();
    if (done === true) return held.length === 1 && held[0] ? held[0] : Buffer.concat(held);
    held.push(value);
    bytes += value.length;
  }
  return withHeld(held, chunks);
}

async function* withHeld(held: Buffer[], rest: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer, void> {
  for (let chunk = held.shift(); chunk !== undefined; chunk = held.shift()) yield chunk;
  yield* rest;
}

async function* chunksOf(request: IncomingMessage, limits: BodyLimits): AsyncGenerator<Buffer, void> {
  const { maxBytes } = limits;
  let bytes = 0;
  try {
    // The request stays open: a refusal in the middle of it is answered, and the rest is discarded.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw worded(tooLarge(maxBytes, `more than ${maxBytes} bytes`), limits);
      yield chunk;
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const message = 'The body ended before it was complete.';
    throw worded(new AppError({ code: 'invalid-request', message, cause }), limits);
  }
}
