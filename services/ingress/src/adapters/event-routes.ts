import { workspaceId } from '@tidings/contracts';
import {
  bytesBody,
  type Call,
  type Principal,
  parseJson,
  type Route,
  route,
  traceparentOf,
} from '@tidings/http';
import type { AcceptEvent, Submission } from '../accept-event.ts';
import type { AcceptEventBatch } from '../accept-event-batch.ts';
import type { EventTypeNotice } from '../check-event-type.ts';
import { acceptedBody, batchResponse } from './accepted-response.ts';
import { readBatch, readEvent } from './event-reader.ts';
import {
  acceptedSchema,
  batchResultSchema,
  batchSchema,
  eventExample,
  eventSchema,
  mixedResultExample,
} from './event-schemas.ts';

/** Dependencies of the routes: the use cases and the limits. */
export type EventRoutesOptions = Readonly<{
  acceptEvent: AcceptEvent;
  acceptEventBatch: AcceptEventBatch;
  limits: Readonly<{ maxEventBytes: number; maxBatchBytes: number; maxBatchEvents: number }>;
}>;

const types = ['application/json'];

/**
 * Declares POST /v1/events and POST /v1/events/batch. They read the bytes themselves: `data` is kept as it was sent.
 */
export const eventRoutes = (options: EventRoutesOptions): Route[] => [
  publishEvent(options),
  publishBatch(options),
];

const publishEvent = ({ acceptEvent, limits: { maxEventBytes } }: EventRoutesOptions): Route =>
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
      'the request with the same key.',
    idempotency: 'derived',
    body: bytesBody({ schema: eventSchema, maxBytes: maxEventBytes, types, example: eventExample }),
    responses: {
      202: {
        description: 'The event is accepted.',
        schema: acceptedSchema,
        headers: ['Deprecation', 'Sunset'],
      },
    },
    handle: async (call) => {
      const { body: json } = call;
      const read = () => readEvent(parseJson(json), { json, start: 0, pointer: '' });
      const accepted = await acceptEvent(read, submissionOf(call));
      const body = acceptedBody(accepted);
      return accepted.notice === null
        ? { status: 202, body }
        : { status: 202, body, headers: noticeHeaders(accepted.notice) };
    },
  });

const publishBatch = ({ acceptEventBatch, limits }: EventRoutesOptions): Route =>
  route({
    operationId: 'publishEventBatch',
    method: 'POST',
    path: '/v1/events/batch',
    access: 'events:write',
    tag: 'Events',
    summary: 'Publish up to 1,000 events',
    description:
      'Each event is accepted or refused independently. Results are in the order of the events. With an ' +
      '`Idempotency-Key`, a repeat of the same batch contains the same events.',
    idempotency: 'derived',
    body: bytesBody({
      schema: batchSchema,
      maxBytes: limits.maxBatchBytes,
      types,
      example: { events: [eventExample] },
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
      const bounds = { maxEvents: limits.maxBatchEvents, maxEventBytes: limits.maxEventBytes };
      const items = readBatch(parseJson(call.body), call.body, bounds);
      const results = await acceptEventBatch(items, submissionOf(call));
      const { status, retryAfterSeconds, body } = batchResponse(results);
      if (retryAfterSeconds === undefined) return { status, body };
      return { status, body, headers: { 'retry-after': String(retryAfterSeconds) } };
    },
  });

// RFC 9745 and RFC 8594.
const noticeHeaders = ({ deprecatedAtMs, sunsetAtMs }: EventTypeNotice): Record<string, string> => ({
  ...(deprecatedAtMs === null ? {} : { deprecation: `@${Math.floor(deprecatedAtMs / 1_000)}` }),
  ...(sunsetAtMs === null ? {} : { sunset: new Date(sunsetAtMs).toUTCString() }),
});

type KeyedCall = Pick<Call, 'idempotencyKey' | 'request'> & Readonly<{ principal: Principal }>;

const submissionOf = ({ principal, idempotencyKey, request }: KeyedCall): Submission => ({
  workspaceId: workspaceId(principal.workspaceId),
  idempotencyKey,
  traceparent: traceparentOf(request),
  maySpool: principal.maySpool === true,
});
