import type { ServerResponse } from 'node:http';
import { workspaceId } from '@tidings/contracts';
import {
  type Authenticate,
  parseJson,
  principalOf,
  rawBody,
  rawBodyOf,
  requireKey,
  traceparentOf,
} from '@tidings/http';
import type { Metrics } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import type { Express, Request } from 'express';
import type { AcceptEvent, Submission } from '../accept-event.ts';
import type { AcceptEventBatch } from '../accept-event-batch.ts';
import { readIdempotencyKey } from '../domain/idempotency-key.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { batchAnswer } from './batch-answer.ts';
import { readBatch, readEvent } from './event-reader.ts';

/** What the routes need: the use cases, who may call them, and the bounds. */
export type EventRoutesOptions = Readonly<{
  acceptEvent: AcceptEvent;
  acceptEventBatch: AcceptEventBatch;
  authenticate: Authenticate;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
  limits: Readonly<{ maxEventBytes: number; maxBatchBytes: number; maxBatchEvents: number }>;
}>;

const types = ['application/json'];

/** POST /v1/events and POST /v1/events/batch. */
export const mountEventRoutes = (app: Express, options: EventRoutesOptions): void => {
  const { acceptEvent, acceptEventBatch, authenticate, metrics, limits } = options;
  const { maxEventBytes, maxBatchBytes, maxBatchEvents } = limits;
  const guard = requireKey(authenticate, 'events:write');

  app.post('/v1/events', guard, rawBody({ maxBytes: maxEventBytes, types }), async (request, response) => {
    const { draft, submission } = counting(metrics, () => ({
      submission: submissionOf(request),
      draft: readEvent(parseJson(request), { json: rawBodyOf(request), start: 0, pointer: '' }),
    }));
    const { id, type, acceptedAtMs } = await acceptEvent(draft, submission);
    sendJson(response, 202, { id, type, accepted_at: new Date(acceptedAtMs).toISOString() });
  });

  app.post(
    '/v1/events/batch',
    guard,
    rawBody({ maxBytes: maxBatchBytes, types }),
    async (request, response) => {
      const submission = submissionOf(request);
      const bounds = { maxEvents: maxBatchEvents, maxEventBytes };
      const items = readBatch(parseJson(request), rawBodyOf(request), bounds);
      const { status, retryAfterSeconds, body } = batchAnswer(await acceptEventBatch(items, submission));
      if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
      sendJson(response, status, body);
    },
  );
};

function counting<T>(metrics: EventRoutesOptions['metrics'], read: () => T): T {
  try {
    return read();
  } catch (error) {
    metrics.events.inc({ outcome: 'invalid' });
    throw error;
  }
}

function submissionOf(request: Request): Submission {
  return {
    workspaceId: workspaceId(principalOf(request).workspaceId),
    idempotencyKey: idempotencyKeyOf(request),
    traceparent: traceparentOf(request),
  };
}

function idempotencyKeyOf(request: Request): string | null {
  if (request.headers['idempotency-key'] === undefined) return null;
  const headers = request.headersDistinct['idempotency-key'] ?? [];
  if (headers.length !== 1) throw malformed(`Idempotency-Key must be sent once, got ${headers.length}`);
  const reading = readIdempotencyKey(headers[0] ?? '');
  if (!reading.ok) throw malformed(reading.problem);
  return reading.key;
}

function malformed(problem: string): AppError {
  return new AppError({ code: 'invalid-request', message: `${problem}.` });
}

// Express's own json() would also look at ETags, freshness and settings: nothing that an answer to a POST needs.
function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
