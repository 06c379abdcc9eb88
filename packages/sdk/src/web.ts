export { SigningError, type SigningErrorCode, verifyFailures } from '@tidings/signing/web';
export type { AnyEvents } from './event-map.ts';
export {
  type ClaimResult,
  type DedupeStore,
  type DedupeTimes,
  type MemoryDedupeOptions,
  memoryDedupe,
} from './receive/dedupe.ts';
export type { ReceiverOptions } from './receive/receiver.ts';
export { type RedisCommand, type RedisDedupeOptions, redisDedupe } from './receive/redis-dedupe.ts';
export type { TrustOptions, VerifyWebhookInput } from './receive/trust.ts';
export { verifyWebhook } from './receive/verify-webhook-web.ts';
export {
  type HandleWebhook,
  type HonoContext,
  type HonoMiddleware,
  honoWebhooks,
  type WebReceiverOptions,
  webhookHandler,
} from './receive/web-handlers.ts';
export {
  type RefusalReason,
  type VerifiedWebhook,
  type Webhook,
  type WebhookEvent,
  webhookOf,
} from './receive/webhook.ts';
