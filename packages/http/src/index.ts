export { type ApiTag, apiTags } from './api-tags.ts';
export { type AppOptions, createApp } from './create-app.ts';
export { type CursorBinding, decodeCursor, encodeCursor } from './cursor.ts';
export { httpMetrics } from './http-metrics.ts';
export type { IdempotencyEntry, IdempotencyStore } from './idempotency/idempotency-store.ts';
export {
  type IdempotencyParts,
  idempotencyWindowMs,
  type RequestRun,
} from './idempotency/idempotent-request.ts';
export { etagOf, type IfMatch } from './if-match.ts';
export { type BytesBodyOptions, bytesBody, type JsonBodyOptions, jsonBody } from './json-body.ts';
export { type Listening, type ListenOptions, listen } from './listen.ts';
export { mergedMembers, mergePatch, patchBody } from './merge-patch.ts';
export { type MountOptions, mountRoutes } from './mount-routes.ts';
export { type ApiDescription, describeApi } from './openapi/describe-api.ts';
export type { Webhook, Webhooks } from './openapi/describe-webhook.ts';
export { describing, descriptionHeaders } from './openapi/description-route.ts';
export { mergeDescriptions } from './openapi/merge-descriptions.ts';
export { named, withExample } from './openapi/named-schema.ts';
export { errorDetailSchema, problemSchema } from './openapi/problem-schema.ts';
export { pageSchema } from './openapi/shared-components.ts';
export { compileBody, parseJson, type Validate, validBody } from './parse-json.ts';
export type { Authenticate, Caller, Principal } from './principal.ts';
export { type Problem, problem, problemFromError } from './problem.ts';
export { type ProblemKind, problemTable } from './problem-table.ts';
export { type PageQuery, pageParameters, queryOf } from './query.ts';
export { rateLimitSetting } from './rate-limit.ts';
export { type Page, pageReply, type Reply } from './reply.ts';
export { addressOf, traceIdOf, traceparentOf } from './request-state.ts';
export {
  type Access,
  type Answer,
  type AnswerHeader,
  type Body,
  type Call,
  type Declaration,
  type Idempotency,
  type JsonSchema,
  type Method,
  type PathParams,
  type Query,
  type RequestHeader,
  type Route,
  route,
} from './route.ts';
export { httpSettings, type ServeContext, serve } from './serve.ts';
export { readTime, timeParameter } from './time-parameter.ts';
export { askForBody } from './unread-body.ts';
export { detailsOf } from './validation-details.ts';
