export type { IdempotencyEntry, IdempotencyStore } from './idempotency/idempotency-store.ts';
export {
  type IdempotencyParts,
  idempotencyWindowMs,
  type RequestRun,
} from './idempotency/idempotent-request.ts';
export { type ApiTag, apiTags } from './openapi/api-tags.ts';
export { type ApiDescription, describeApi } from './openapi/describe-api.ts';
export type { Webhook, Webhooks } from './openapi/describe-webhook.ts';
export { describing, descriptionHeaders } from './openapi/description-route.ts';
export { mergeDescriptions } from './openapi/merge-descriptions.ts';
export { errorDetailSchema, problemSchema } from './openapi/problems-of.ts';
export { exampleOf, named, pageSchema, withExample } from './openapi/shared-components.ts';
export { loggedPath } from './problems/logged-text.ts';
export { type Problem, problem, problemFromError } from './problems/problem.ts';
export { type ProblemKind, problemTable } from './problems/problem-table.ts';
export { detailsOf } from './problems/validation-errors.ts';
export { sessionHeader } from './routing/authentication.ts';
export {
  type BytesBodyOptions,
  bytesBody,
  compileBody,
  type JsonBodyOptions,
  jsonBody,
  parseJson,
  streamedBody,
  type Validate,
  validBody,
} from './routing/body.ts';
export { type CursorBinding, decodeCursor, encodeCursor } from './routing/cursor.ts';
export { mergedMembers, mergePatch, patchBody } from './routing/merge-patch.ts';
export { type MountOptions, mountRoutes } from './routing/mount-routes.ts';
export type { Authenticate, BrowserSession, Caller, Principal } from './routing/principal.ts';
export { type PageQuery, pageParameters, queryOf } from './routing/query.ts';
export { rateLimitSetting } from './routing/rate-limit.ts';
export type { BodyLimits } from './routing/read-body.ts';
export { type Page, pageReply, type Reply } from './routing/reply.ts';
export { etagOf, type IfMatch } from './routing/request-headers.ts';
export { addressOf, traceIdOf, traceparentOf, urlOf } from './routing/request-state.ts';
export {
  type Access,
  type Body,
  type Call,
  type Exchange,
  type Idempotency,
  type JsonSchema,
  type Method,
  type PathParams,
  type Query,
  type RequestHeader,
  type ResponseDeclaration,
  type ResponseHeader,
  type Route,
  type RouteDeclaration,
  route,
} from './routing/route.ts';
export { readTime, timeParameter } from './routing/time-parameter.ts';
export { type AppOptions, createApp } from './server/create-app.ts';
export { httpMetrics } from './server/http-metrics.ts';
export { type Listening, type ListenOptions, listen } from './server/listen.ts';
export { httpSettings, type ServeContext, serve } from './server/serve.ts';
export { askForBody } from './server/unread-body.ts';
export { isUpgrade, takeUpgrade, type Upgrade } from './server/upgrades.ts';
export { isStream } from './streaming/is-stream.ts';
export {
  acceptWebSocket,
  isWebSocketRequest,
  type WebSocketConnection,
} from './streaming/web-socket.ts';
