import type { AnyEvents } from '../event-map.ts';
import {
  checkReceiverOptions,
  createReceiver,
  isSuccess,
  type Receiver,
  type ReceiverOptions,
  trustOf,
} from './receiver.ts';
import { verifyWebhook } from './verify-webhook-web.ts';
import { keepWebhook, type Webhook } from './webhook.ts';

/** Options of {@link webhookHandler} and {@link honoWebhooks}. */
export type WebReceiverOptions = ReceiverOptions<Request>;

/** Handles a delivery. Without a response of its own it is acknowledged with 204; a rejection lets it be sent again. */
export type HandleWebhook<Events extends object = AnyEvents> = (
  webhook: Webhook<Events>,
  request: Request,
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return statement.
) => Promise<Response | void> | Response | void;

/**
 * Returns a function from a fetch Request to a Response: the `fetch` of an edge worker, `Deno.serve` or `Bun.serve`, the
 * `POST` of a route of Next.js. It runs your handler only for a trusted and new delivery: it responds 401 otherwise, 413
 * above `maxBytes`, 200 for one that was handled before, and 409 for one that is being handled. Invalid keys reject the
 * first request; all other options throw TypeError at once.
 */
export function webhookHandler<Events extends object = AnyEvents>(
  options: WebReceiverOptions,
  handle: HandleWebhook<Events>,
): (request: Request) => Promise<Response> {
  const receive = webReceiver('webhookHandler', options);
  return async (request) => {
    const received = await receive(inputOf(request));
    if (received.kind === 'answer') return Response.json(received.body, { status: received.status });
    try {
      const webhook = received.webhook as Webhook<Events>;
      const response = (await handle(webhook, request)) ?? new Response(null, { status: 204 });
      await received.settle(isSuccess(response.status));
      return response;
    } catch (error) {
      await received.settle(false);
      throw error;
    }
  };
}

/** A context of hono, as far as it is used. */
export type HonoContext = Readonly<{ req: Readonly<{ raw: Request }>; res: Response }>;

/** A middleware in the form of hono. */
export type HonoMiddleware = (
  context: HonoContext,
  next: () => Promise<void>,
  // biome-ignore lint/suspicious/noConfusingVoidType: the type of hono.
) => Promise<Response | void>;

/**
 * Returns a middleware of hono that lets your handler run only for a trusted and new delivery, and responds as {@link
 * webhookHandler} does. `webhookOf(c)` returns the delivery. Mount it before anything that reads the body.
 */
export function honoWebhooks(options: WebReceiverOptions): HonoMiddleware {
  const receive = webReceiver('honoWebhooks', options);
  return async (context, next) => {
    const received = await receive(inputOf(context.req.raw));
    if (received.kind === 'answer') return Response.json(received.body, { status: received.status });
    keepWebhook(context, received.webhook);
    try {
      await next();
    } catch (error) {
      await received.settle(false);
      throw error;
    }
    await received.settle(isSuccess(context.res.status));
    return undefined;
  };
}

function webReceiver(what: string, options: WebReceiverOptions): Receiver<Request> {
  checkReceiverOptions(what, options);
  const receive = createReceiver(options, verifyWebhook);
  let checked: Promise<unknown> | undefined;
  return async (input) => {
    // Web Crypto imports keys asynchronously only, and many edge runtimes allow it during a request only.
    checked ??= checkKeys(options);
    await checked;
    return receive(input);
  };
}

// A request without a signature would be refused before a broken key is noticed.
async function checkKeys(options: WebReceiverOptions): Promise<void> {
  await verifyWebhook({ ...trustOf(options), headers: {}, body: '' });
}

function inputOf(request: Request) {
  const readBody = async (maxBytes: number): Promise<Uint8Array | null> => bodyOf(request, maxBytes);
  return { request, headers: request.headers, readBody };
}

// Null: too large.
async function bodyOf(request: Request, maxBytes: number): Promise<Uint8Array | null> {
  if (request.bodyUsed) {
    throw new Error('the raw body has been read already: verify the webhook before anything else reads it');
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  for (let next = await reader?.read(); next !== undefined && !next.done; next = await reader?.read()) {
    const chunk = next.value as Uint8Array;
    size += chunk.length;
    if (size > maxBytes) {
      await reader?.cancel();
      return null;
    }
    chunks.push(chunk);
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
