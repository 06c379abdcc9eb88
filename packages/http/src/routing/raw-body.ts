import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '@tidings/runtime';
import { askForBody } from '../server/unread-body.ts';
import { setBody } from './request-state.ts';

/**
 * `maxBytes`: maximum size of a body. `types`: the accepted content-types, without parameters and in lower case
 * (default: any); with them the charset, if given, must be UTF-8.
 */
export type RawBodyOptions = Readonly<{ maxBytes: number; types?: readonly string[] }>;

type Next = (error?: unknown) => void;

/** A middleware in express's form. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: Next) => void;

/**
 * Reads the whole body, byte for byte, for `rawBodyOf` and `parseJson`. Responds 413 to a body larger than `maxBytes`
 * (by its content-length at once, else as soon as it exceeds the limit), and 415 to other types and any
 * content-encoding. A body that is slower than the server's request timeout ends in 408. `listen` discards the rest of
 * a refused body.
 */
export function rawBody(options: RawBodyOptions): Middleware {
  return (request, response, next) => {
    const refusal = refuseByHeaders(request, options);
    if (refusal !== undefined) {
      next(refusal);
      return;
    }
    askForBody(request, response);
    readBody(request, options.maxBytes, next);
  };
}

function readBody(request: IncomingMessage, maxBytes: number, next: Next): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const stop = (error?: AppError) => {
    request.off('data', onData).off('end', onEnd).off('error', onError);
    if (error === undefined)
      setBody(request, chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    next(error);
  };
  const onData = (chunk: Buffer) => {
    size += chunk.length;
    chunks.push(chunk);
    if (size <= maxBytes) return;
    stop(tooLarge(maxBytes, `more than ${maxBytes} bytes`));
  };
  const onEnd = () => stop();
  const onError = (cause: Error) =>
    stop(new AppError({ code: 'invalid-request', message: 'The body ended before it was complete.', cause }));
  request.on('data', onData).on('end', onEnd).on('error', onError);
}

function refuseByHeaders(
  request: IncomingMessage,
  { maxBytes, types }: RawBodyOptions,
): AppError | undefined {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) return tooLarge(maxBytes, `${declared} bytes`);
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    return unsupported(`content-encoding '${encoding}' is not taken: send the body as it is`);
  }
  return types === undefined ? undefined : refuseType(request.headers['content-type'], types);
}

function refuseType(header: string | undefined, types: readonly string[]): AppError | undefined {
  const wanted = types.join(' or ');
  if (header === undefined) return unsupported(`there is no content-type: send ${wanted}`);
  const [type = '', ...parameters] = header.toLowerCase().split(';');
  if (!types.includes(type.trim()))
    return unsupported(`content-type '${header}' is not taken: send ${wanted}`);
  const charset = parameters.map((part) => part.trim()).find((part) => part.startsWith('charset='));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  return isUtf8 ? undefined : unsupported(`'${charset}' is not taken: send UTF-8`);
}

function tooLarge(maxBytes: number, got: string): AppError {
  const message = `The body may have at most ${maxBytes} bytes, got ${got}.`;
  return new AppError({ code: 'payload-too-large', message });
}

function unsupported(message: string): AppError {
  return new AppError({ code: 'unsupported-media-type', message });
}
