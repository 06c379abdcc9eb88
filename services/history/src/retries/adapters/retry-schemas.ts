import { exampleOf, type JsonSchema, named } from '@tidings/http';
import { errorCodes } from '@tidings/runtime';
import { deliverySchema } from '../../deliveries/adapters/delivery-schemas.ts';
import { deliveryView } from '../../deliveries/adapters/delivery-view.ts';
import type { Retried } from '../retry-delivery.ts';
import { maxRetriedOfEvent, type Refused, type RetriedEvent } from '../retry-event.ts';

const object = (properties: Readonly<Record<string, JsonSchema>>) =>
  ({ type: 'object', properties, required: Object.keys(properties) }) as const;

const retryExample = {
  ...(exampleOf(deliverySchema) as Readonly<{ event_id: string }>),
  ...{ chain: 1, out_of_order: false },
} as const;

/** A delivery that was retried, in the format of `retriedView`. */
export const retriedSchema = named(
  'RetriedDelivery',
  object({
    ...deliverySchema.properties,
    chain: {
      type: 'integer',
      minimum: 1,
      description: 'The chain of the retry: its attempts have this number.',
    },
    out_of_order: {
      type: 'boolean',
      description:
        'True for an ended delivery of an ordered subscription: the retry joins the end of its queue, behind later events.',
    },
  }),
  retryExample,
);

/** The deliveries of an event that were retried, in the format of `retriedEventView`. */
export const retriedEventSchema = named(
  'RetriedEvent',
  object({
    event_id: { type: 'string' },
    data: { type: 'array', items: retriedSchema, description: 'The deliveries that were retried.' },
    refused: {
      type: 'array',
      description: 'Those that were not, with the reason.',
      items: object({
        delivery_id: { type: ['string', 'null'] },
        subscription_id: { type: 'string' },
        code: { enum: errorCodes },
        detail: { type: 'string' },
      }),
    },
  }),
  { event_id: retryExample.event_id, data: [retryExample], refused: [] },
);

/** The body of a retry of an event. */
export const retryEventBody = named(
  'EventRetry',
  {
    type: 'object',
    properties: {
      subscription_ids: {
        type: 'array',
        items: { type: 'string', pattern: '^sub_[0-9A-Za-z]{1,64}$' },
        minItems: 1,
        maxItems: maxRetriedOfEvent,
        uniqueItems: true,
        description: 'Only the deliveries to these subscriptions; default: all.',
      },
    },
    additionalProperties: false,
  },
  {},
);

/** Returns a retried delivery with its new chain. Its attempts appear when they have been made. */
export const retriedView = ({ delivery, chain, isOutOfOrder }: Retried, nowMs: number): object => ({
  ...deliveryView(delivery, nowMs),
  chain,
  out_of_order: isOutOfOrder,
});

const refusedView = ({ delivery, subscriptionId, code, detail }: Refused): object => ({
  delivery_id: delivery?.id ?? null,
  subscription_id: subscriptionId,
  code,
  detail,
});

/** Returns the deliveries of an event that were retried, and those that were not. */
export const retriedEventView = (
  eventId: string,
  { retried, refused }: RetriedEvent,
  nowMs: number,
): object => ({
  event_id: eventId,
  data: retried.map((one) => retriedView(one, nowMs)),
  refused: refused.map(refusedView),
});
