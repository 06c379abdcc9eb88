import type { IncomingMessage, ServerResponse } from 'node:http';
import { preparePublicKey, prepareSecret } from '@tidings/signing';
import { checkFunction, checkNames, checkWhole, type Names } from './check-arguments.ts';
import {
  trustNames,
  type VerifiedWebhook,
  type VerifyWebhookInput,
  verifyWebhook,
  type WebhookEvent,
} from './verify-webhook.ts';

/**
 * A store of handled deliveries. `has` is called before your handler runs, `add` after it has responded 2xx. Keep ids
 * as long as the sender retries (days), ideally in the same store as your own data. See `memoryDedupe` for one process.
 */
export type Dedupe = Readonly<{
  has: (id: string) => boolean | Promise<boolean>;
  add: (id: string) => void | Promise<void>;
}>;

/**
 * Options of {@link webhookMiddleware}: the trusted keys, the maximum body size (default 1 MiB), and the store for
 * deduplication. `onRefused` is called for each refused request, `onError` for a failed `add` (the delivery was handled
 * and will be sent again).
 */
export type MiddlewareOptions = Pick<VerifyWebhookInput, 'secrets' | 'publicKeys' | 'toleranceSeconds'> &
  Readonly<{
    maxBytes?: number;
    dedupe?: Dedupe;
    onRefused?: (reason: string, request: IncomingMessage) => void;
    onError?: (error: unknown, request: IncomingMessage) => void;
  }>;

/** A middleware in the form of express and connect; it also works with node:http. */
export type WebhookMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** A verified delivery, as {@link webhookOf} returns it. */
export type Webhook<T = unknown> = Readonly<{ id: string; sentAt: Date; event: WebhookEvent<T> }>;

const defaultMaxBytes = 1024 * 1024;
const verified = new WeakMap<IncomingMessage, Webhook>();

/** Returns the delivery that the middleware has verified. Throws if it has not run for this request. */
export function webhookOf<T = unknown>(request: IncomingMessage): Webhook<T> {
  const webhook = verified.get(request);
  if (webhook === undefined)
    throw new Error('no verified webhook: put webhookMiddleware(…) before this handler');
  return webhook as Webhook<T>;
}

/**
 * Reads the raw body, verifies it, and calls your handler only for a trusted and new delivery: it responds 401
 * otherwise, 413 above `maxBytes`, and 200 at once for one that was handled before. Mount it before any body parser
 * (express.raw is allowed). Throws TypeError or SigningError at once for options that could verify nothing.
 */
export function webhookMiddleware(options: MiddlewareOptions): WebhookMiddleware {
  checkOptions(options);
  return (request, response, next) => {
    handle(options, request, response).then((isAccepted) => {
      if (isAccepted) next();
    }, next);
  };
}

const names: Names = {
  known: [...trustNames.known, 'maxBytes', 'dedupe', 'onRefused', 'onError'],
  mistakenFor: { ...trustNames.mistakenFor, limit: 'maxBytes' },
};

// Verifying an empty request reveals every fault of the keys, and finds no signature.
function checkOptions(options: MiddlewareOptions): void {
  checkNames('the argument of webhookMiddleware', options, names);
  const { secrets, publicKeys, maxBytes, dedupe, onRefused, onError } = options;
  verifyWebhook({ ...trustOf(options), headers: {}, body: '' });
  secrets?.forEach(prepareSecret);
  publicKeys?.forEach(preparePublicKey);
  if (maxBytes !== undefined) checkWhole('maxBytes', maxBytes, [1, Number.MAX_SAFE_INTEGER]);
  if (dedupe !== undefined) {
    checkFunction('dedupe.has', dedupe.has);
    checkFunction('dedupe.add', dedupe.add);
  }
  if (onRefused !== undefined) checkFunction('onRefused', onRefused);
  if (onError !== undefined) checkFunction('onError', onError);
}

const trustOf = ({ maxBytes, dedupe, onRefused, onError, ...trust }: MiddlewareOptions) => trust;

async function handle(
  options: MiddlewareOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const refuse = (status: number, reason: string) => {
    options.onRefused?.(reason, request);
    answer(response, status, { error: reason });
    return false;
  };
  const body = await readBody(request, options.maxBytes ?? defaultMaxBytes);
  if (body === null) return refuse(413, 'body-too-large');
  const result: VerifiedWebhook = verifyWebhook({ ...trustOf(options), headers: request.headers, body });
  if (!result.ok) return refuse(401, result.reason);
  if ((await options.dedupe?.has(result.id)) === true) {
    answer(response, 200, { duplicate: true });
    return false;
  }
  verified.set(request, result);
  response.once('finish', () => {
    if (response.statusCode >= 200 && response.statusCode < 300) void remember(options, request, result.id);
  });
  return true;
}

async function remember(
  { dedupe, onError }: MiddlewareOptions,
  request: IncomingMessage,
  id: string,
): Promise<void> {
  try {
    await dedupe?.add(id);
  } catch (error) {
    onError?.(error, request);
  }
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

function answer(response: ServerResponse, status: number, body: object): void {
  // The rest of a body that is too large is not read: the connection closes after the response.
  if (status === 413) response.setHeader('connection', 'close');
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}

/**
 * Creates a {@link Dedupe} in this process's memory, for development and for handlers that tolerate a repeat after a
 * restart. Evicts the oldest ids beyond `maxIds` (default 100,000). Throws TypeError unless that is an integer of at
 * least 1.
 */
export function memoryDedupe(maxIds = 100_000): Dedupe {
  checkWhole('maxIds', maxIds, [1, Number.MAX_SAFE_INTEGER]);
  const ids = new Set<string>();
  return {
    has: (id) => ids.has(id),
    add: (id) => {
      ids.add(id);
      const [oldest] = ids;
      if (ids.size > maxIds && oldest !== undefined) ids.delete(oldest);
    },
  };
}
