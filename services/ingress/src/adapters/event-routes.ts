import { workspaceId } from '@tidings/contracts';
import {
  type Call,
  type Exchange,
  type Principal,
  parseJson,
  type Reply,
  type Route,
  route,
  streamedBody,
  traceparentOf,
} from '@tidings/http';
import { AppError } from '@tidings/runtime';
import type { AcceptEvent, Submission } from '../accept-event.ts';
import type { AcceptEventBatch } from '../accept-event-batch.ts';
import type { Arrival } from '../admission/admission.ts';
import type { RequestAdmission } from '../admission/admit-request.ts';
import type { EventTypeNotice } from '../check-event-type.ts';
import type { EventDraft } from '../domain/stamp-event.ts';
import type { AcceptLargeEvent } from '../large-data/accept-large-event.ts';
import type { AcceptEventLines } from '../ndjson/accept-event-lines.ts';
import { type LinesResponse, linesResponse } from '../ndjson/lines-response.ts';
import { batchLimits, isNdjson, ndjsonTypes } from '../ndjson/ndjson-body.ts';
import { acceptedBody, type BatchResponse, batchResponse } from './accepted-response.ts';
import { readBatch, readEvent } from './event-reader.ts';
import {
  acceptedSchema,
  batchResultSchema,
  batchSchema,
  eventExample,
  eventSchema,
  linesSchema,
  mixedResultExample,
} from './event-schemas.ts';

/** Dependencies of the routes: the use cases and the limits. */
export type EventRoutesOptions = Readonly<{
  acceptEvent: AcceptEvent;
  acceptLargeEvent: AcceptLargeEvent;
  acceptEventBatch: AcceptEventBatch;
  acceptEventLines: AcceptEventLines;
  admission: RequestAdmission;
  /** `maxLargeEventBytes`: of an event whose data go to the object storage; 0: none does. */
  limits: Readonly<{
    maxEventBytes: number;
    maxLargeEventBytes: number;
    maxBatchBytes: number;
    maxBatchEvents: number;
  }>;
}>;

const types = ['application/json'];

/** Reads an event that is the whole text. Throws as {@link readEvent}. */
export const readWhole = (json: Buffer): EventDraft =>
  readEvent(parseJson(json), { json, start: 0, pointer: '' });

/**
 * Declares POST /v1/events and POST /v1/events/batch. They read the bytes themselves: `data` is kept as it was sent.
 */
export const eventRoutes = (options: EventRoutesOptions): Route[] => [
  publishEvent(options),
  publishBatch(options),
];

/** Returns the largest event of a key: its own maximum, within that of this installation. */
const maxBytesOf = (
  principal: Principal | null,
  { maxEventBytes, maxLargeEventBytes }: EventRoutesOptions['limits'],
): number =>
  Math.min(
    principal?.maxPayloadBytes ?? Number.POSITIVE_INFINITY,
    Math.max(maxEventBytes, maxLargeEventBytes),
  );

const publishEvent = ({ acceptEvent, acceptLargeEvent, admission, limits }: EventRoutesOptions): Route =>
  route({
    operationId: 'publishEvent',
    method: 'POST',
    path: '/v1/events',
    access: 'events:write',
    tag: 'Events',
    summary: 'Publish an event',
    description:
      'Responds 202 when all in-sync replicas of the log have the event, or, for a key with `spool`, the disk of this ' +
      'instance has it because the log does not acknowledge now. `data` is stored and delivered byte for byte. ' +
      'With an `Idempotency-Key` or an `id`, a repeat is the same event. After a 503 the outcome is unknown: repeat ' +
      'the request with the same key. While more arrives than is taken, a request is refused by its headers, with ' +
      '`Retry-After`: 429 if its key has more than its share in progress, 503 if the installation is full.',
    idempotency: 'derived',
    problems: ['rate-limited'],
    body: streamedBody({
      schema: eventSchema,
      maxBytes: Math.max(limits.maxEventBytes, limits.maxLargeEventBytes),
      holdBytes: limits.maxEventBytes,
      types,
      example: eventExample,
      limitsFor: (_, exchange) => {
        admission.admit(exchange, arrivalOf(exchange, limits.maxEventBytes));
        return { maxBytes: maxBytesOf(exchange.principal, limits), types };
      },
    }),
    responses: {
      202: {
        description: 'The event is accepted.',
        schema: acceptedSchema,
        headers: ['Deprecation', 'Sunset'],
      },
    },
    handle: async (call) => {
      const { body: json } = call;
      if (Buffer.isBuffer(json)) admission.begin(call.request);
      const accepted = Buffer.isBuffer(json)
        ? await acceptEvent(() => readWhole(json), submissionOf(call))
        : await acceptLargeEvent(json, submissionOf(call));
      const body = acceptedBody(accepted);
      return accepted.notice === null
        ? { status: 202, body }
        : { status: 202, body, headers: noticeHeaders(accepted.notice) };
    },
  });

const publishBatch = ({ acceptEventBatch, acceptEventLines, admission, limits }: EventRoutesOptions): Route =>
  route({
    operationId: 'publishEventBatch',
    method: 'POST',
    path: '/v1/events/batch',
    access: 'events:write',
    tag: 'Events',
    summary: 'Publish up to 1,000 events, or a stream of lines',
    description:
      'Each event is accepted or refused independently. Results are in the order of the events. With an ' +
      '`Idempotency-Key`, a repeat of the same batch contains the same events. As `application/x-ndjson`, one event a ' +
      'line, up to 256 MiB within 30 s: read and accepted while it arrives. `results` are then the lines that were not ' +
      'accepted, and `stopped` says from which line on nothing was read.',
    idempotency: 'derived',
    body: streamedBody({
      schema: batchSchema,
      maxBytes: limits.maxBatchBytes,
      holdBytes: limits.maxBatchBytes,
      types,
      example: { events: [eventExample] },
      limitsFor: (_, exchange) => {
        admission.admit(exchange, arrivalOf(exchange, limits.maxBatchBytes));
        return batchLimits(exchange.request, limits.maxBatchBytes);
      },
      lines: { types: ndjsonTypes, schema: linesSchema },
    }),
    responses: {
      202: { description: 'All events are accepted.', schema: batchResultSchema },
      207: {
        description: 'Some events are not accepted: each result has its own status.',
        schema: batchResultSchema,
        example: mixedResultExample,
        headers: ['Retry-After'],
      },
    },
    handle: async (call) => {
      const { body: json } = call;
      if (isNdjson(call.request)) {
        const chunks = Buffer.isBuffer(json) ? [json] : json;
        return replyOf(linesResponse(await acceptEventLines(chunks, submissionOf(call))));
      }
      if (!Buffer.isBuffer(json)) throw new AppError({ code: 'internal', message: 'a batch is not held' });
      admission.begin(call.request);
      const maxEventBytes = Math.min(limits.maxEventBytes, maxBytesOf(call.principal, limits));
      const bounds = { maxEvents: limits.maxBatchEvents, maxEventBytes };
      const items = readBatch(parseJson(json), json, bounds);
      return replyOf(batchResponse(await acceptEventBatch(items, submissionOf(call))));
    },
  });

const replyOf = ({ status, retryAfterSeconds, body }: BatchResponse | LinesResponse): Reply =>
  retryAfterSeconds === undefined
    ? { status, body }
    : { status, body, headers: { 'retry-after': String(retryAfterSeconds) } };

// RFC 9745 and RFC 8594.
const noticeHeaders = ({ deprecatedAtMs, sunsetAtMs }: EventTypeNotice): Record<string, string> => ({
  ...(deprecatedAtMs === null ? {} : { deprecation: `@${Math.floor(deprecatedAtMs / 1_000)}` }),
  ...(sunsetAtMs === null ? {} : { sunset: new Date(sunsetAtMs).toUTCString() }),
});

type Asked = Pick<Exchange, 'request'> & Readonly<{ principal: Principal | null }>;

/** Returns what admission decides by. `holdBytes`: what is held in memory of a body at most. */
const arrivalOf = ({ request, principal }: Asked, holdBytes: number): Arrival => ({
  sender: principal?.keyId ?? '',
  bytes: Math.min(Number(request.headers['content-length'] ?? holdBytes), holdBytes),
  isLast: principal?.maySpool === true,
});

type KeyedCall = Pick<Call, 'idempotencyKey' | 'request'> & Readonly<{ principal: Principal }>;

const submissionOf = ({ principal, idempotencyKey, request }: KeyedCall): Submission => ({
  workspaceId: workspaceId(principal.workspaceId),
  idempotencyKey,
  traceparent: traceparentOf(request),
  maySpool: principal.maySpool === true,
  ...(principal.maxPayloadBytes !== undefined && { maxEventBytes: principal.maxPayloadBytes }),
});
