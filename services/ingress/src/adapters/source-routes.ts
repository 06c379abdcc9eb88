import { sourceIdRule } from '@tidings/contracts';
import { type Exchange, named, type Route, route, streamedBody, traceparentOf, urlOf } from '@tidings/http';
import { InboundHeaders } from '@tidings/inbound';
import type { Clock } from '@tidings/runtime';
import type { RequestAdmission } from '../admission/admit-request.ts';
import { maxReceivedBytes } from '../config.ts';
import type { ArrivingWebhook, createAdmitWebhook } from '../received/admit-webhook.ts';
import type { createReceiveWebhook } from '../received/receive-webhook.ts';

/** Dependencies of the route. */
export type SourceRouteParts = Readonly<{
  admitWebhook: ReturnType<typeof createAdmitWebhook>;
  receiveWebhook: ReturnType<typeof createReceiveWebhook>;
  /** Maximum size of a body that goes to the object storage, in bytes; 0: none does. */
  maxLargeBytes: number;
  admission: RequestAdmission;
  clock: Pick<Clock, 'monotonicMs'>;
}>;

/** The headers of a request, and the monotonic time at which they were complete. */
type Arrival = Readonly<{ headers: InboundHeaders; arrivedMs: number }>;

const arrivingOf = (sourceId: string, exchange: Exchange, { headers }: Arrival): ArrivingWebhook => {
  const { request } = exchange;
  const length = request.headers['content-length'];
  return {
    ...{ sourceId, headers, traceparent: traceparentOf(request) },
    announcedBytes: length === undefined ? null : Number(length),
    exchange,
  };
};

/** Returns the arrival of a request, the same at every call. */
function arrivalsBy(clock: Pick<Clock, 'monotonicMs'>): (request: Exchange['request']) => Arrival {
  const arrivals = new WeakMap<object, Arrival>();
  return (request) => {
    const known = arrivals.get(request);
    if (known !== undefined) return known;
    const arrival = { headers: new InboundHeaders(request.rawHeaders), arrivedMs: clock.monotonicMs() };
    arrivals.set(request, arrival);
    return arrival;
  };
}

/** POST /v1/sources/{id}: the webhooks of third parties. The body stays as it was sent, since its bytes are signed. */
export const sourceRoute = (parts: SourceRouteParts): Route => {
  const { admitWebhook, receiveWebhook, maxLargeBytes, admission } = parts;
  const arrivalOf = arrivalsBy(parts.clock);
  return route({
    operationId: 'receiveWebhook',
    method: 'POST',
    path: '/v1/sources/{id}',
    access: { public: 'the signature of the provider is the credential' },
    tag: 'Sources',
    summary: 'Receive a webhook of a third party',
    description:
      'For the provider of the source, in the form and with the signature that it defines. Responds 200 when all in-sync ' +
      'replicas of the log have the events; a repeat is the same event. A refusal does not say its reason.',
    idempotency: 'by-content',
    ignoresAccept: true,
    params: { id: { ...sourceIdRule, description: 'The id of the source.' } },
    problems: ['unauthorized', 'rate-limited'],
    body: streamedBody({
      schema: named('InboundWebhook', { description: 'As the provider sends it: JSON or a form.' }),
      example: { action: 'opened', repository: { id: 4_711 } },
      maxBytes: Math.max(maxReceivedBytes, maxLargeBytes),
      holdBytes: maxReceivedBytes,
      limitsFor: ({ id }, exchange) =>
        admitWebhook(arrivingOf(String(id), exchange, arrivalOf(exchange.request))),
    }),
    responses: {
      200: { description: 'The log has the events. The body is empty, but for the challenge of Slack.' },
      202: {
        description:
          'The log does not acknowledge now: the events are on the disk of this instance, and reach the log in their order.',
      },
    },
    handle: async ({ params, body, request }) => {
      if (Buffer.isBuffer(body)) admission.begin(request);
      const result = await receiveWebhook({
        sourceId: params.id,
        url: urlOf(request),
        ...arrivalOf(request),
        body,
        traceparent: traceparentOf(request),
      });
      if ('challenge' in result) return { status: 200, body: result.challenge };
      return { status: result.published === 'log' ? 200 : 202 };
    },
  });
};
