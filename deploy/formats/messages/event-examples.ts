import {
  type DataErased,
  disableCauses,
  type EventAccepted,
  type EventReceived,
  type EventTypeSeen,
  encodeErasure,
  encodeEvent,
  encodeEventReceived,
  encodeEventTypeSeen,
  encodeOperationalEvent,
  encodeWebhookReceived,
  failureReasons,
  type OperationalEvent,
  refusalReasons,
  runFailureReasons,
  type WebhookReceived,
} from '../../../packages/contracts/src/index.ts';
import { atMs, atTime, ids, type MessageExample, named, sha256, traceparent } from './example.ts';

const { workspaceId, consumerId, eventId, subscriptionId, deliveryId, sourceId, runId } = ids;

const event: Omit<EventAccepted, 'type'> = {
  ...{ id: eventId, callerId: null, workspaceId, consumerId: null, eventType: 'order.paid' },
  ...{ source: '/orders', time: atTime, orderingKey: null, traceparent: null },
  data: Buffer.from('{ "n": 9007199254740993, "é": "\\u00e9" }'),
};

const accepted = named<Omit<EventAccepted, 'type'>>(
  {
    'without anything optional': event,
    'ordered, addressed and traced': { ...event, consumerId, orderingKey: 'ord_7', traceparent },
    'with an id of its caller': { ...event, callerId: 'order-1' },
    'received by a source': {
      ...{ ...event, audience: 'internal' },
      received: { sourceId, headers: { 'x-github-event': 'push', 'x-twice': ['a', 'ü'] } },
    },
    'received without headers': { ...event, received: { sourceId, headers: {} } },
    'with large data': { ...event, large: { bytes: 5_000_000, sha256 }, data: Buffer.alloc(0) },
  },
  (one) => encodeEvent(one, { isRepeatable: one.callerId !== null }),
);

// What other Kafka clients write, by the CloudEvents binding.
const attributes = { id: 'order-1', type: 'order.paid', source: '/orders', workspaceid: workspaceId };
const foreign: readonly MessageExample[] = [
  {
    name: 'of another client, in binary mode',
    record: {
      key: null,
      headers: {
        ce_specversion: '1.0',
        ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce_${name}`, value])),
      },
      value: Buffer.from('{"order_id":"ord_7"}'),
    },
  },
  {
    name: 'of another client, in structured mode',
    record: {
      key: 'ord_7',
      headers: { 'content-type': 'application/cloudevents+json; charset=UTF-8', traceparent },
      value: Buffer.from(
        JSON.stringify({ specversion: '1.0', ...attributes, time: atTime, data: { order_id: 'ord_7' } }),
      ),
    },
  },
];

const about = {
  ...{ subscription_id: subscriptionId, consumer_id: consumerId, description: 'orders' },
  endpoint_host: 'partner.example',
};
const lastFailure = { at: atTime, reason: 'http-status', status_code: 500 } as const;
const failing = { ...about, failure_count: 3, failing_since: atTime, last_failure: lastFailure };
const ofWorkspace = { consumer_id: null, description: null } as const;
const exported = { export_id: ids.jobId, consumer_id: consumerId, of: 'deliveries', format: 'csv' };
const ended = {
  ...{ ...about, delivery_id: deliveryId, event_id: eventId, event_type: 'order.paid', attempts: 8 },
  ...{ reason: 'exhausted', last_failure: lastFailure },
} as const;
const run = {
  ...{ run_id: runId, app: 'shop', handler: 'pay', event_id: eventId, event_type: 'order.paid' },
  ...{ step: 'charge', retries: 1 },
};

// Data that differ by one field each; the encoder validates them.
const dataOf = (): readonly Readonly<{ type: OperationalEvent['type']; data: object }>[] => [
  { type: 'tidings.subscription.failing', data: failing },
  ...failureReasons.map((reason) => ({
    type: 'tidings.subscription.failing' as const,
    data: { ...failing, ...ofWorkspace, last_failure: { ...lastFailure, reason, status_code: null } },
  })),
  ...disableCauses.map((reason) => ({
    type: 'tidings.subscription.disabled' as const,
    data: { ...failing, reason },
  })),
  ...failureReasons.map((reason) => ({
    type: 'tidings.subscription.disabled' as const,
    data: {
      ...{ ...failing, ...ofWorkspace, reason: 'gone' as const },
      last_failure: { ...lastFailure, reason, status_code: null },
    },
  })),
  { type: 'tidings.subscription.recovered', data: { ...about, delivered_at: atTime } },
  { type: 'tidings.subscription.recovered', data: { ...about, ...ofWorkspace, delivered_at: atTime } },
  { type: 'tidings.delivery.exhausted', data: ended },
  ...failureReasons.map((reason) => ({
    type: 'tidings.delivery.exhausted' as const,
    data: {
      ...{ ...ended, ...ofWorkspace, reason: 'not-retried' as const },
      last_failure: { ...lastFailure, reason, status_code: null },
    },
  })),
  ...[consumerId, null].flatMap((consumer) => [
    {
      type: 'tidings.export.ready' as const,
      data: { ...exported, consumer_id: consumer, total_records: 10, bytes: 2_048, expires_at: atTime },
    },
    {
      type: 'tidings.export.failed' as const,
      data: { ...exported, consumer_id: consumer, reason: 'too large' },
    },
  ]),
  ...runFailureReasons.map((reason) => ({ type: 'tidings.run.failed' as const, data: { ...run, reason } })),
  { type: 'tidings.run.failed', data: { ...run, step: null, reason: 'unknown-handler' } },
];

const operational = dataOf().map(
  ({ type, data }, at): MessageExample => ({
    name: `${type}, ${at + 1}`,
    record: encodeOperationalEvent({
      ...{ type, data, workspaceId, time: atTime },
      cause: `cause ${at}`,
    } as OperationalEvent),
  }),
);

/** Records of the events topic. */
export const eventExamples: readonly MessageExample[] = [...accepted, ...foreign, ...operational];

/** Records of the received-ids topic. */
export const receivedIdExamples = named<EventReceived>(
  { 'an event of a source': { type: 'EventReceived.v1', eventId, offset: 12, atMs } },
  encodeEventReceived,
);

const seen: EventTypeSeen = { type: 'EventTypeSeen.v1', workspaceId, name: 'order.paid' };

/** Records of the seen-event-types topic. */
export const seenTypeExamples = named<EventTypeSeen>(
  { published: seen, received: { ...seen, isReceived: true } },
  encodeEventTypeSeen,
);

const received: WebhookReceived = {
  ...{ type: 'WebhookReceived.v1', id: `rcv_${'5'.repeat(32)}`, atMs, workspaceId, sourceId },
  ...{ provider: 'github', outcome: 'accepted', reason: null, count: 1, bytes: 512 },
  ...{ eventType: 'github.push', events: 1, eventIds: [eventId] },
};

/** Records of the received topic. */
export const receivedExamples = named<WebhookReceived>(
  {
    accepted: received,
    spooled: { ...received, isSpooled: true },
    checked: { ...received, outcome: 'checked', eventType: null, events: 0, eventIds: [] },
    ...Object.fromEntries(
      refusalReasons.map((reason) => [
        `refused: ${reason}`,
        {
          ...{ ...received, outcome: 'refused', reason, count: 3, bytes: null },
          ...{ eventType: null, events: 0, eventIds: [] },
        },
      ]),
    ),
  },
  encodeWebhookReceived,
);

const erased: DataErased = {
  ...{ type: 'DataErased.v1', erasureId: ids.jobId, workspaceId, scope: { kind: 'event', eventId } },
  ...{ beforeMs: atMs, requestedBy: ids.keyId, reason: 'asked', requestedAtMs: atMs },
};

/** Records of the erasures topic. */
export const erasureExamples = named<DataErased>(
  {
    'of an event': erased,
    'of a consumer': { ...erased, scope: { kind: 'consumer', consumerId }, reason: null },
  },
  encodeErasure,
);
