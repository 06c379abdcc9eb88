export { type DeliveredEvent, deliveryRenderer, type RenderedBody } from './delivery-renderer.ts';
export {
  exchangeExample,
  exchangeProperties,
  exchangeView,
  type ShownAttempt,
} from './exchange-view.ts';
export {
  type BodyRule,
  exchangeLimits,
  type RecordedExchange,
  recordExchange,
  type SentRequest,
} from './record-exchange.ts';
export { type EndpointSecrets, type Redaction, redactionOf } from './redaction.ts';
export { bodyRenderer, type RenderedEvent } from './render-body.ts';
export {
  lowerCaseHeaders,
  type RequestKeys,
  requestHeaders,
  type SignedRequest,
  userAgent,
} from './request-headers.ts';
