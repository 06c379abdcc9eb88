export {
  generateKeyPair,
  generateSecret,
  SigningError,
  type SigningErrorCode,
  verifyFailures,
  verifyPlain,
} from '@tidings/signing';
export type { ClientOptions } from './client/client-options.ts';
export type {
  ConsumerAccess,
  ConsumerScope,
  ConsumerToken,
  PortalAccess,
  PortalLink,
} from './client/consumer-access.ts';
export {
  type BatchResult,
  createClient,
  type Published,
  type TidingsClient,
} from './client/create-client.ts';
export type { EventInput } from './client/event-input.ts';
export type { PublishOptions } from './client/publish-options.ts';
export {
  type FaultDetail,
  type Problem,
  TidingsError,
  type TidingsErrorInit,
} from './client/tidings-error.ts';
export type { AnyEvents } from './event-map.ts';
export {
  type ClaimResult,
  type DedupeStore,
  type DedupeTimes,
  type MemoryDedupeOptions,
  memoryDedupe,
} from './receive/dedupe.ts';
export {
  type FastifyScope,
  type FastifyWebhookReply,
  type FastifyWebhookRequest,
  type FastifyWebhooksOptions,
  fastifyWebhooks,
} from './receive/fastify-webhooks.ts';
export { type DedupeCollection, mongoDedupe } from './receive/mongo-dedupe.ts';
export type { ReceiverOptions } from './receive/receiver.ts';
export { type RedisCommand, type RedisDedupeOptions, redisDedupe } from './receive/redis-dedupe.ts';
export type { TrustOptions, VerifyWebhookInput } from './receive/trust.ts';
export { verifyWebhook } from './receive/verify-webhook.ts';
export {
  type RefusalReason,
  type VerifiedWebhook,
  type Webhook,
  type WebhookEvent,
  webhookOf,
} from './receive/webhook.ts';
export {
  type MiddlewareOptions,
  type WebhookMiddleware,
  webhookMiddleware,
} from './receive/webhook-middleware.ts';
export { aSignedDelivery, type FakeDelivery, type SignedDelivery } from './testing/a-signed-delivery.ts';
export { type FakeTidings, fakeTidings, type PublishedEvent } from './testing/fake-tidings.ts';
