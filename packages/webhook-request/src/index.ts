export { bodyRenderer, type RenderedEvent } from './render-body.ts';
export { type RequestKeys, requestHeaders, type SignedRequest } from './request-headers.ts';
