export {
  generateKeyPair,
  generateSecret,
  SigningError,
  type SigningErrorCode,
  verifyFailures,
  verifyPlain,
} from '@tidings/signing';
export type { ClientOptions } from './client-options.ts';
export {
  type BatchResult,
  createClient,
  type Published,
  type TidingsClient,
} from './create-client.ts';
export type { EventInput } from './event-input.ts';
export {
  aSignedDelivery,
  type FakeClient,
  type FakeDelivery,
  fakeClient,
  type SignedDelivery,
} from './fakes.ts';
export type { PublishOptions } from './publish-options.ts';
export { type FaultDetail, type Problem, TidingsError, type TidingsErrorInit } from './tidings-error.ts';
export {
  type RefusalReason,
  type VerifiedWebhook,
  type VerifyWebhookInput,
  verifyWebhook,
  type WebhookEvent,
} from './verify-webhook.ts';
export {
  type Dedupe,
  type MiddlewareOptions,
  memoryDedupe,
  type Webhook,
  type WebhookMiddleware,
  webhookMiddleware,
  webhookOf,
} from './webhook-middleware.ts';
