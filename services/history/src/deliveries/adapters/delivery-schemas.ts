import { deadLetterReasons, triggers } from '@tidings/contracts';
import { type JsonSchema, named, pageSchema } from '@tidings/http';
import { exchangeExample, exchangeProperties } from '@tidings/webhook-request';
import { scannedToSchema } from '../../adapters/scanned-page.ts';
import { deliveryStatuses } from '../domain/delivery.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const count = { type: 'integer', minimum: 0 } as const;
const statusCode = {
  type: ['integer', 'null'],
  description:
    'Status of the response; null if none was read. With reason reset, timeout, tls or protocol the response failed after its header.',
};
const time = { type: 'string', format: 'date-time' } as const;
const timeOrNull = { type: ['string', 'null'], format: 'date-time' } as const;

const object = (properties: Readonly<Record<string, JsonSchema>>) =>
  ({ type: 'object', properties, required: Object.keys(properties) }) as const;

const nextSchema = {
  type: 'object',
  properties: {
    kind: { enum: ['none', 'retry', 'dead_letter'] },
    at: { ...time, description: 'Time of the next attempt.' },
    reason: { enum: deadLetterReasons },
  },
  required: ['kind'],
} as const;

const attemptSchema = named(
  'Attempt',
  object({
    attempt: count,
    chain: {
      ...count,
      description:
        'Number of the pass through the retry schedule; each manual retry, replay and redrive starts the next.',
    },
    trigger: { enum: triggers },
    at: time,
    duration_ms: { type: 'number' },
    outcome: { enum: ['delivered', 'failed'] },
    status_code: statusCode,
    reason: { ...textOrNull, description: 'Reason of the failure.' },
    response_excerpt: {
      ...textOrNull,
      description: 'The first 1,024 bytes of the body; secrets of the subscription are masked.',
    },
    next: nextSchema,
    ...exchangeProperties,
  }),
);

const summaryExample = {
  ...{ id: 'dlv_0b8e1a3c5d7f4e6a9b2c4d6e8f0a1b3c', event_id: 'evt_019aab3cf4007c3d8e4f5a6b7c8d9e0f' },
  ...{ event_type: 'order.paid', subscription_id: 'sub_019aab3cf4007c3d8e4f5a6b7c8d9e0f' },
  ...{ consumer_id: 'acme', status: 'delivered', status_reason: null, attempt_count: 1 },
  ...{ ordering_key: null, last_status_code: 204, last_reason: null },
  ...{ last_attempt_at: '2026-11-22T10:00:00.120Z', next_attempt_at: null, erased: false },
  ...{ created_at: '2026-11-22T10:00:00.000Z', updated_at: '2026-11-22T10:00:00.160Z' },
} as const;

/** A delivery in a list, in the format of `summaryView`. */
export const summarySchema = named(
  'DeliverySummary',
  object({
    id: text,
    event_id: text,
    event_type: text,
    subscription_id: text,
    ordering_key: { ...textOrNull, description: 'Ordering key of the event.' },
    consumer_id: textOrNull,
    status: { enum: deliveryStatuses },
    status_reason: {
      ...textOrNull,
      description: 'Reason why the delivery ended undelivered, or why it waits.',
    },
    attempt_count: count,
    last_status_code: statusCode,
    last_reason: {
      ...textOrNull,
      description: 'Reason of the last failure; null if the last attempt succeeded.',
    },
    last_attempt_at: timeOrNull,
    next_attempt_at: {
      ...timeOrNull,
      description:
        'Time of the next attempt while it lies ahead. Null in `pending` or `retrying`: it waits for its turn, for the reason that `status_reason` names.',
    },
    erased: {
      type: 'boolean',
      description: 'Whether what was sent and answered is erased, and the ordering key.',
    },
    created_at: time,
    updated_at: time,
  }),
  summaryExample,
);

/** The filters that no index serves, in words. */
export const scannedNames = '`status_class`, `reason`, `ordering_key` or `trigger`';

const page = pageSchema(summarySchema);

/** A page of deliveries. */
export const listSchema = named(
  'DeliveryPage',
  {
    ...page,
    properties: {
      ...page.properties,
      scanned_to: scannedToSchema(scannedNames),
    },
    required: [...page.required, 'scanned_to'],
  },
  { data: [summaryExample], next_cursor: null, scanned_to: null },
);

/** A delivery with its attempts, in the format of `deliveryView`. */
export const deliverySchema = named(
  'Delivery',
  object({
    ...summarySchema.properties,
    attempts: { type: 'array', items: attemptSchema, description: 'All attempts, in order.' },
    attempts_truncated: {
      type: 'boolean',
      description:
        'True if a delivery has 200 attempts and deferrals or more: only the newest and every success are kept.',
    },
  }),
  {
    ...summaryExample,
    attempts: [
      {
        ...{ attempt: 1, chain: 0, trigger: 'event', at: '2026-11-22T10:00:00.120Z', duration_ms: 38 },
        ...{ outcome: 'delivered', status_code: 204, reason: null, response_excerpt: null },
        next: { kind: 'none' },
        ...exchangeExample,
      },
    ],
    attempts_truncated: false,
  },
);
