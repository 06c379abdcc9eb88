export { bodyRenderer, type RenderedEvent } from './render-body.ts';
export { type RequestKeys, requestHeaders, type SignedRequest, userAgent } from './request-headers.ts';
