import type { IncomingMessage, ServerResponse } from 'node:http';
import { declaredBytes } from '../server/unread-body.ts';
import { type BodyLimits, chunksOf, joined, readDeclared } from './read-body.ts';

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
  if ((declaredBytes(request) ?? Infinity) <= limits.holdBytes)
    return readDeclared(request, response, limits);
  const chunks = chunksOf(request, response, limits);
  const held: Buffer[] = [];
  let bytes = 0;
  while (bytes <= limits.holdBytes) {
    const { value, done } = await chunks.next();
    if (done === true) return joined(held);
    held.push(value);
    bytes += value.length;
  }
  return withHeld(held, chunks);
}

async function* withHeld(held: Buffer[], rest: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer, void> {
  for (let chunk = held.shift(); chunk !== undefined; chunk = held.shift()) yield chunk;
  yield* rest;
}
