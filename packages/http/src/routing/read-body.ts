import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '@tidings/runtime';
import { askForBody, declaredBytes } from '../server/unread-body.ts';

/**
 * `maxBytes`: maximum size of a body. `types`: the accepted content-types, without parameters and in lower case
 * (undefined: any); with them the charset, if given, must be UTF-8. `refusal`: the text of every refusal, for a caller who
 * is to learn nothing from it; default: one with the limit and the value. `onRefused` is called with each fault, before the
 * refusal, also for a body that ends before it is complete.
 */
export type BodyLimits = Readonly<{
  maxBytes: number;
  types?: readonly string[] | undefined;
  refusal?: string;
  onRefused?(fault: AppError): void;
}>;

/**
 * Reads the whole body, byte for byte. Rejects with `payload-too-large` (413) if it is larger than `maxBytes` (by its
 * content-length at once, else as soon as it exceeds the limit), and with `unsupported-media-type` (415) for other
 * types and any content-encoding. A body that is slower than the server's request timeout ends in 408. `listen`
 * discards the rest of a refused body.
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  limits: BodyLimits,
): Promise<Buffer> {
  if (declaredBytes(request) !== undefined) return readDeclared(request, response, limits);
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOf(request, response, limits)) chunks.push(chunk);
  return joined(chunks);
}

/**
 * Reads a body of declared size, of which Node lets no more through. Throws as {@link readBody}. An iterator would make promises and listeners
 * that it does not need: 20 of the 150 µs of a request.
 */
export async function readDeclared(
  request: IncomingMessage,
  response: ServerResponse,
  limits: BodyLimits,
): Promise<Buffer> {
  const refusal = refuseByHeaders(request, limits);
  if (refusal !== undefined) throw worded(refusal, limits);
  askForBody(request, response);
  try {
    return await wholeOf(request);
  } catch (cause) {
    throw worded(incomplete(cause), limits);
  }
}

const wholeOf = async (request: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const onClosed = () => reject(new Error('the connection was closed'));
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      // Every request is closed after its end, and an error that nobody gets costs 18 µs.
      request.off('close', onClosed);
      resolve(joined(chunks));
    });
    request.once('error', reject);
    request.once('close', onClosed);
    // It may have been closed before: while its key was checked.
    if (request.destroyed) onClosed();
  });

/** Yields the chunks of a body. Throws as {@link readBody}. */
export async function* chunksOf(
  request: IncomingMessage,
  response: ServerResponse,
  limits: BodyLimits,
): AsyncGenerator<Buffer, void> {
  const refusal = refuseByHeaders(request, limits);
  if (refusal !== undefined) throw worded(refusal, limits);
  askForBody(request, response);
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
    throw worded(incomplete(cause), limits);
  }
}

/** Returns chunks as one. */
export const joined = (chunks: readonly Buffer[]): Buffer =>
  chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);

function told(fault: AppError, { onRefused }: BodyLimits): AppError {
  onRefused?.(fault);
  return fault;
}

/** Returns the error by which a body is refused, in the words of its limits. */
function worded(fault: AppError, limits: BodyLimits): AppError {
  const { code } = told(fault, limits);
  return limits.refusal === undefined ? fault : new AppError({ code, message: limits.refusal });
}

/** Returns what the headers of a request say against its body; undefined if nothing. */
function refuseByHeaders(request: IncomingMessage, { maxBytes, types }: BodyLimits): AppError | undefined {
  const declared = declaredBytes(request) ?? 0;
  if (declared > maxBytes) return tooLarge(maxBytes, `${declared} bytes`);
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    return unsupported(`content-encoding '${encoding}' is not supported: send the body uncompressed`);
  }
  return types === undefined ? undefined : refuseType(request.headers['content-type'], types);
}

function refuseType(header: string | undefined, types: readonly string[]): AppError | undefined {
  const wanted = types.join(' or ');
  if (header === undefined) return unsupported(`there is no content-type: send ${wanted}`);
  const [type = '', ...parameters] = header.toLowerCase().split(';');
  if (!types.includes(type.trim()))
    return unsupported(`content-type '${header}' is not supported: send ${wanted}`);
  const charset = parameters.map((part) => part.trim()).find((part) => part.startsWith('charset='));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  return isUtf8 ? undefined : unsupported(`'${charset}' is not supported: send UTF-8`);
}

/** Returns the error for a body above its limit. */
function tooLarge(maxBytes: number, got: string): AppError {
  const message = `The body may have at most ${maxBytes} bytes, got ${got}.`;
  return new AppError({ code: 'payload-too-large', message });
}

const incomplete = (cause: unknown): AppError =>
  new AppError({ code: 'invalid-request', message: 'The body ended before it was complete.', cause });

function unsupported(message: string): AppError {
  return new AppError({ code: 'unsupported-media-type', message });
}
