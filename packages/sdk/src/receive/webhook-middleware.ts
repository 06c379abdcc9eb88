import type { IncomingMessage, ServerResponse } from 'node:http';
import { preparePublicKey, prepareSecret } from '@tidings/signing';
import {
  checkReceiverOptions,
  createReceiver,
  isSuccess,
  type Received,
  type ReceiverOptions,
  trustOf,
} from './receiver.ts';
import { verifyWebhook } from './verify-webhook.ts';
import { keepWebhook } from './webhook.ts';

/** Options of {@link webhookMiddleware}. */
export type MiddlewareOptions = ReceiverOptions<IncomingMessage>;

/** A middleware in the form of express and connect; it also works with node:http. */
export type WebhookMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Reads the raw body, verifies it, and calls your handler only for a trusted and new delivery: it responds 401
 * otherwise, 413 above `maxBytes`, 200 at once for one that was handled before, and 409 for one that is being handled.
 * Mount it before any body parser (express.raw is allowed). Throws TypeError or SigningError at once for options that
 * could verify nothing.
 */
export function webhookMiddleware(options: MiddlewareOptions): WebhookMiddleware {
  checkNodeOptions('webhookMiddleware', options);
  const receive = createReceiver(options, verifyWebhook);
  return (request, response, next) => {
    const input = {
      request,
      headers: request.headers,
      readBody: async (maxBytes: number) => readBody(request, maxBytes),
    };
    receive(input).then((received) => {
      if (isForHandler(received, request, response)) next();
    }, next);
  };
}

/** Throws TypeError or SigningError for options that could verify nothing. */
export function checkNodeOptions<Request>(what: string, options: ReceiverOptions<Request>): void {
  checkReceiverOptions(what, options);
  // Verifying an empty request reveals every fault of the options, and finds no signature.
  verifyWebhook({ ...trustOf(options), headers: {}, body: '' });
  options.secrets?.forEach(prepareSecret);
  options.publicKeys?.forEach(preparePublicKey);
}

function isForHandler(received: Received, request: IncomingMessage, response: ServerResponse): boolean {
  if (received.kind === 'answer') {
    answer(response, received);
    return false;
  }
  keepWebhook(request, received.webhook);
  onEnd(response, () => void received.settle(isSuccess(response.statusCode)));
  return true;
}

// Calls back once, when the handler has responded. It may do so after the client has gone, when no event tells of it.
function onEnd(response: ServerResponse, callback: () => void): void {
  const end = response.end;
  response.end = function (this: ServerResponse, ...args: never[]) {
    const result = Reflect.apply(end, this, args) as ServerResponse;
    response.end = end;
    callback();
    return result;
  };
}

// Null: too large. An earlier body parser may have kept the bytes (express.raw) or lost them.
async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const parsed: unknown = Reflect.get(request, 'body');
  if (Buffer.isBuffer(parsed)) return parsed.length <= maxBytes ? parsed : null;
  if (request.readableEnded || request.readableDidRead) {
    throw new Error(
      'the raw body has been read already: mount webhookMiddleware before express.json() and other body parsers',
    );
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function answer(
  response: ServerResponse,
  { status, body }: Extract<Received, Readonly<{ kind: 'answer' }>>,
): void {
  // The rest of a body that is too large is not read: the connection closes after the response.
  if (status === 413) response.setHeader('connection', 'close');
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}
