export { type Mask, maskOf } from './mask-secrets.ts';
export { bodyRenderer, type RenderedEvent } from './render-body.ts';
export {
  lowerCaseHeaders,
  type RequestKeys,
  requestHeaders,
  type SignedRequest,
  userAgent,
} from './request-headers.ts';
