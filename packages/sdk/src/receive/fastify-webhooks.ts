import type { IncomingHttpHeaders } from 'node:http';
import { createReceiver, defaultMaxBytes, isSuccess, type ReceiverOptions } from './receiver.ts';
import { verifyWebhook } from './verify-webhook.ts';
import { keepWebhook } from './webhook.ts';
import { checkNodeOptions } from './webhook-middleware.ts';

/** A request of fastify, as far as it is used. */
export type FastifyWebhookRequest = Readonly<{ headers: IncomingHttpHeaders; body: unknown }>;

/** A reply of fastify, as far as it is used. */
export type FastifyWebhookReply = Readonly<{
  statusCode: number;
  code(status: number): { send(body: unknown): unknown };
}>;

/** An instance of fastify, the scope of a plugin, as far as it is used. */
export type FastifyScope = Readonly<{
  removeAllContentTypeParsers(): unknown;
  addContentTypeParser(
    type: '*',
    options: { parseAs: 'buffer'; bodyLimit: number },
    parser: (request: unknown, body: Buffer, done: (error: Error | null, body?: unknown) => void) => void,
  ): unknown;
  addHook(
    name: 'preHandler',
    hook: (request: FastifyWebhookRequest, reply: FastifyWebhookReply) => Promise<unknown>,
  ): unknown;
  addHook(
    name: 'onSend',
    hook: (request: FastifyWebhookRequest, reply: FastifyWebhookReply, payload: unknown) => Promise<unknown>,
  ): unknown;
}>;

/** Options of {@link fastifyWebhooks}. */
export type FastifyWebhooksOptions = ReceiverOptions<FastifyWebhookRequest>;

/**
 * Makes every route of a scope of fastify receive webhooks: bodies stay raw, handlers run for trusted and new
 * deliveries only, `webhookOf(request)` returns the delivery. Call it in a plugin of its own (`app.register`), because it
 * replaces the body parsers of the scope. Responds as `webhookMiddleware` does. Throws TypeError or SigningError at once
 * for options that could verify nothing.
 */
export function fastifyWebhooks(scope: FastifyScope, options: FastifyWebhooksOptions): void {
  checkNodeOptions('fastifyWebhooks', options);
  const receive = createReceiver(options, verifyWebhook);
  const settlers = new WeakMap<object, (isHandled: boolean) => Promise<void>>();
  const bodyLimit = options.maxBytes ?? defaultMaxBytes;
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, done) =>
    done(null, body),
  );
  scope.addHook('preHandler', async (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const received = await receive({ request, headers: request.headers, readBody: async () => body });
    if (received.kind === 'answer') return reply.code(received.status).send(received.body);
    keepWebhook(request, received.webhook);
    settlers.set(request, received.settle);
    return undefined;
  });
  // Before the response is sent, and also when the client has gone.
  scope.addHook('onSend', async (request, reply, payload) => {
    await settlers.get(request)?.(isSuccess(reply.statusCode));
    return payload;
  });
}
