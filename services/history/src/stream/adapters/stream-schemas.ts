import { triggers } from '@tidings/contracts';
import { type JsonSchema, named, withExample } from '@tidings/http';
import { exchangeProperties } from '@tidings/webhook-request';
import { deliveryStatuses } from '../../deliveries/domain/delivery.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const count = { type: 'integer', minimum: 0 } as const;
const time = { type: 'string', format: 'date-time' } as const;
const timeOrNull = { type: ['string', 'null'], format: 'date-time' } as const;

const object = (properties: Readonly<Record<string, JsonSchema>>) =>
  ({ type: 'object', properties, required: Object.keys(properties) }) as const;

const common = (kind: string) => ({
  kind: { const: kind },
  event_id: text,
  event_type: text,
  consumer_id: textOrNull,
  at: time,
});

const eventMessage = named(
  'StreamEvent',
  object({
    ...common('event'),
    source: text,
    time: { ...time, description: 'The time of the event itself; `at` is when it was accepted.' },
    ordering_key: textOrNull,
    caller_id: textOrNull,
    trace_id: textOrNull,
    size_bytes: count,
    erased: { type: 'boolean' },
    position: object({ partition: count, offset: text }),
  }),
);

const ofDelivery = { subscription_id: text, delivery_id: text, status: { enum: deliveryStatuses } } as const;

const attemptMessage = named(
  'StreamAttempt',
  object({
    ...common('attempt'),
    ...ofDelivery,
    attempt: { ...count, minimum: 1 },
    chain: count,
    trigger: { enum: triggers },
    duration_ms: { type: 'number' },
    outcome: { enum: ['delivered', 'failed'] },
    status_code: { type: ['integer', 'null'] },
    reason: textOrNull,
    response_excerpt: textOrNull,
    erased: { type: 'boolean' },
    details: exchangeProperties.details,
    phases: exchangeProperties.phases,
    next_attempt_at: timeOrNull,
  }),
);

const stateMessage = named(
  'StreamState',
  object({ ...common('state'), ...ofDelivery, status_reason: textOrNull, next_attempt_at: timeOrNull }),
);

const control = named('StreamControl', {
  type: 'object',
  description:
    'About the stream itself: it has begun, it is alive, messages are missing, the server ends it.',
  properties: {
    kind: { enum: ['ready', 'heartbeat', 'gap', 'closing'] },
    resumed: { type: 'boolean', description: 'Of `ready`: the stream goes on after the given id.' },
    heartbeat_seconds: count,
    at: time,
    reason: text,
    detail: text,
    deliveries: { ...text, description: 'Of `gap`: path of the list of deliveries.' },
    events: { ...text, description: 'Of `gap`: path of the list of events.' },
  },
  required: ['kind'],
});

const example = {
  ...{ kind: 'state', event_id: 'evt_019aab3cf4007c3d8e4f5a6b7c8d9e0f', event_type: 'order.paid' },
  ...{ consumer_id: 'acme', at: '2026-11-22T10:00:00.120Z' },
  ...{ subscription_id: 'sub_019aab3cf4007c3d8e4f5a6b7c8d9e0f' },
  ...{ delivery_id: 'dlv_0b8e1a3c5d7f4e6a9b2c4d6e8f0a1b3c', status: 'delivered' },
  ...{ status_reason: null, next_attempt_at: null },
} as const;

/** The schema of the JSON text in each `data` line. */
export const streamSchema = withExample(
  named('StreamMessage', {
    description:
      'The JSON text of one `data` line. The body is text/event-stream: each message is a line `event: <kind>`, a line `id: <position>`, a line `data: <JSON>` and an empty line.',
    anyOf: [eventMessage, attemptMessage, stateMessage, control],
  }),
  example,
);

/** A ticket, as it is shown once. */
export const ticketSchema = named(
  'StreamTicket',
  object({
    ticket: { ...text, description: 'The value of `?ticket=`, for one stream.' },
    expires_at: time,
  }),
  { ticket: 'v1.local1.q83v…', expires_at: '2026-11-22T10:01:00.000Z' },
);
