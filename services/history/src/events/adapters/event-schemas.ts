import { type JsonSchema, named, pageSchema } from '@tidings/http';
import { scannedToSchema } from '../../adapters/scanned-page.ts';
import { summarySchema } from '../../deliveries/adapters/delivery-schemas.ts';
import { deliveryStatuses } from '../../deliveries/domain/delivery.ts';
import { audienceNames } from './event-view.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const count = { type: 'integer', minimum: 0 } as const;
const time = { type: 'string', format: 'date-time' } as const;

const object = <P extends Readonly<Record<string, JsonSchema>>>(properties: P) =>
  ({ type: 'object', properties, required: Object.keys(properties) }) as const;

/** Numbers of deliveries by status. */
export const countsSchema = named(
  'OutcomeCounts',
  object({ total: count, ...Object.fromEntries(deliveryStatuses.map((status) => [status, count])) }),
);

const eventExample = {
  ...{ id: 'evt_019aab3cf4007c3d8e4f5a6b7c8d9e0f', type: 'order.paid', source: '/orders' },
  ...{ time: '2026-11-22T10:00:00Z', accepted_at: '2026-11-22T10:00:00.004Z', consumer_id: null },
  ...{ audience: 'broadcast' },
  ...{ ordering_key: 'ord_7', caller_id: 'order-7-paid', trace_id: '0af7651916cd43dd8448eb211c80319c' },
  ...{ size_bytes: 23, position: { partition: 3, offset: 1_234 }, erased: false },
  deliveries: {
    ...{ total: 2, pending: 0, retrying: 1, delivered: 1, failed: 0, dead_lettered: 0, suppressed: 0 },
  },
} as const;

/** An event in a list, in the format of `eventView`. */
const eventSchema = named(
  'EventSummary',
  object({
    id: text,
    type: text,
    source: text,
    time: { ...text, description: 'Time of the event as its publisher states it, RFC 3339.' },
    accepted_at: { ...time, description: 'Time at which the event was written to the log.' },
    consumer_id: { ...textOrNull, description: 'The only consumer that the event is addressed to.' },
    audience: {
      enum: Object.values(audienceNames),
      description:
        'broadcast: every consumer may see it. addressed: one consumer. internal: only keys of the workspace itself.',
    },
    ordering_key: textOrNull,
    caller_id: { ...textOrNull, description: "The publisher's own id of the event." },
    trace_id: {
      ...textOrNull,
      description: 'Trace id of the request that published it (W3C Trace Context).',
    },
    size_bytes: { ...count, description: 'Size of the data.' },
    position: {
      ...object({ partition: count, offset: count }),
      description: 'Where the log has the event. A repeat of an event keeps the position of the first.',
    },
    erased: {
      type: 'boolean',
      description: 'Whether its data is erased, with the ordering key, the caller id and the trace id.',
    },
    deliveries: {
      ...countsSchema,
      description: 'Number of its deliveries by status, as far as your key may see them.',
    },
  }),
  eventExample,
);

const page = pageSchema(eventSchema);
const scanned = scannedToSchema('`source` or `ordering_key`');

/** A page of events. */
export const eventListSchema = named(
  'EventPage',
  {
    ...page,
    properties: {
      ...page.properties,
      scanned_to: {
        ...scanned,
        description: `With \`text\`: all matching events accepted after this time are on this page or those before it. Without it: ${scanned.description}`,
      },
    },
    required: [...page.required, 'scanned_to'],
  },
  { data: [eventExample], next_cursor: null, scanned_to: null },
);

/** An event with its data and deliveries. */
export const eventDetailSchema = named(
  'EventDetail',
  object({
    ...eventSchema.properties,
    data: {
      description:
        'The data as received: the JSON value, digit for digit, or base64 text if it is not JSON. Null if it is stored, has expired or is erased.',
    },
    data_encoding: { enum: ['json', 'base64', null] },
    data_status: {
      enum: ['available', 'stored', 'expired', 'erased'],
      description:
        'stored: too large for this response, read it at `data_url`. expired: the log, which keeps events for 7 days by default, does not have it any more. erased: by a request for erasure.',
    },
    data_url: {
      ...textOrNull,
      description: 'Where stored data can be read with the same key, relative to the address of the API.',
    },
    data_sha256: { ...textOrNull, description: 'SHA-256 of stored data, in hex.' },
    received: {
      oneOf: [
        {
          ...object({
            source_id: text,
            headers: {
              type: 'object',
              additionalProperties: { oneOf: [text, { type: 'array', items: text }] },
              description: 'Headers of the request, without credentials.',
            },
          }),
        },
        { type: 'null' },
      ],
      description:
        'The source that received it, and the headers; null for a published event, for the key of a consumer, and without the data.',
    },
    delivery_list: {
      type: 'array',
      items: summarySchema,
      description: 'Up to 100 of its deliveries; all of them by GET /v1/webhooks/deliveries with `event_id`.',
    },
  }),
  {
    ...eventExample,
    ...{ data: { order_id: 'ord_7' }, data_encoding: 'json', data_status: 'available' },
    ...{ data_url: null, data_sha256: null },
    ...{ received: null, delivery_list: [] },
  },
);
