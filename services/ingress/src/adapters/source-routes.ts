import { sourceIdRule } from '@tidings/contracts';
import { bytesBody, type Exchange, named, type Route, route, traceparentOf, urlOf } from '@tidings/http';
import type { Clock } from '@tidings/runtime';
import { maxReceivedBytes } from '../config.ts';
import type { ArrivingWebhook, createAdmitWebhook } from '../received/admit-webhook.ts';
import type { createReceiveWebhook } from '../received/receive-webhook.ts';

/** Dependencies of the route. */
export type SourceRouteParts = Readonly<{
  admitWebhook: ReturnType<typeof createAdmitWebhook>;
  receiveWebhook: ReturnType<typeof createReceiveWebhook>;
  clock: Pick<Clock, 'monotonicMs'>;
}>;

const arrivingOf = (sourceId: string, { request, response }: Exchange): ArrivingWebhook => {
  const { rawHeaders, headers } = request;
  const length = headers['content-length'];
  return {
    ...{ sourceId, rawHeaders, traceparent: traceparentOf(request) },
    announcedBytes: length === undefined ? null : Number(length),
    onEnd: (listener) => void response.once('close', listener),
  };
};

/** POST /v1/sources/{id}: the webhooks of third parties. The body stays as it was sent, since its bytes are signed. */
export const sourceRoute = ({ admitWebhook, receiveWebhook, clock }: SourceRouteParts): Route => {
  const arrivals = new WeakMap<object, number>();
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
    body: bytesBody({
      schema: named('InboundWebhook', { description: 'As the provider sends it: JSON or a form.' }),
      example: { action: 'opened', repository: { id: 4_711 } },
      maxBytes: maxReceivedBytes,
      limitsFor: ({ id }, exchange) => {
        arrivals.set(exchange.request, clock.monotonicMs());
        return admitWebhook(arrivingOf(String(id), exchange));
      },
    }),
    responses: {
      200: { description: 'The log has the events. The body is empty, but for the challenge of Slack.' },
      202: {
        description:
          'The log does not acknowledge now: the events are on the disk of this instance, and reach the log in their order.',
      },
    },
    handle: async ({ params, body, request }) => {
      const result = await receiveWebhook({
        sourceId: params.id,
        url: urlOf(request),
        rawHeaders: request.rawHeaders,
        body,
        traceparent: traceparentOf(request),
        arrivedMs: arrivals.get(request) ?? clock.monotonicMs(),
      });
      if ('challenge' in result) return { status: 200, body: result.challenge };
      return { status: result.published === 'log' ? 200 : 202 };
    },
  });
};
