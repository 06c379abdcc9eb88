import { type JsonSchema, named, type Webhooks } from '@tidings/http';

const text = { type: 'string' } as const;
const time = { type: 'string', format: 'date-time' } as const;
const data: JsonSchema = { description: 'Data of the event, byte for byte as published. Any JSON value.' };

const eventId = {
  ...text,
  description: 'Id of the event: the same for every endpoint that receives it.',
} as const;
const example = {
  id: 'evt_019aab3cf4007c3d8e4f5a6b7c8d9e0f',
  type: 'order.paid',
  data: { order_id: 'ord_7', total: 19.9 },
} as const;

const standardBody = named(
  'WebhookEvent',
  {
    type: 'object',
    properties: {
      id: eventId,
      type: { ...text, description: 'The event type.' },
      timestamp: { ...time, description: 'Time of the event, stated by the publisher.' },
      created_at: {
        ...time,
        description: 'Time at which the event was accepted. Only in the format `plain`.',
      },
      workspace_id: text,
      data,
    },
    required: ['id', 'type', 'timestamp', 'workspace_id', 'data'],
  },
  { ...example, timestamp: '2026-11-22T10:00:00Z', workspace_id: 'ws_shop' },
);

const cloudEventBody = named(
  'WebhookCloudEvent',
  {
    type: 'object',
    description: 'CloudEvents 1.0, JSON format, structured mode.',
    properties: {
      specversion: { type: 'string', const: '1.0' },
      id: eventId,
      source: { ...text, description: 'Source of the event, stated by the publisher.' },
      type: text,
      time,
      datacontenttype: { type: 'string', const: 'application/json' },
      workspaceid: text,
      data,
    },
    required: ['specversion', 'id', 'source', 'type', 'time', 'datacontenttype', 'workspaceid', 'data'],
  },
  {
    ...{ specversion: '1.0', source: 'shop', time: '2026-11-22T10:00:00Z' },
    ...{ datacontenttype: 'application/json', workspaceid: 'ws_shop', ...example },
  },
);

const cloudEventHeader = (what: string) => ({
  ...text,
  description: `${what} Only in the format \`cloudevents-binary\`.`,
});

/** The request that a subscription's endpoint receives for each event. */
export const webhooks: Webhooks = {
  event: {
    operationId: 'receiveEvent',
    tag: 'Subscriptions',
    summary: 'Receive an event',
    description:
      'Sent to `endpoint_url` for each event that matches a subscription, signed as Standard Webhooks specifies. Verify the ' +
      'signature over the bytes of the body, respond 2xx within `timeout_seconds`, and store `webhook-id`: a delivery is ' +
      'sent at least once. The `format` of the subscription determines the body; with `cloudevents-binary` it is the data ' +
      'of the event alone, and `ce-*` headers contain the rest. The headers of the subscription are added.',
    required: [
      'webhook-id',
      'webhook-timestamp',
      'webhook-signature',
      'x-webhook-event',
      'traceparent',
      'user-agent',
    ],
    headers: {
      'webhook-id': {
        ...text,
        pattern: '^dlv_[0-9a-f]{32}$',
        description: 'Id of the delivery: the same in every attempt and every duplicate.',
      },
      'webhook-timestamp': {
        ...text,
        pattern: '^[0-9]{1,12}$',
        description: 'Time of the signature of this attempt, in seconds since 1970.',
      },
      'webhook-signature': {
        ...text,
        description: 'One signature for each current secret, separated by spaces: `v1,…` or `v1a,…`.',
      },
      'x-webhook-event': { ...text, description: 'The event type.' },
      'x-webhook-trigger': {
        const: 'replay',
        description: 'Present if the request belongs to a replay: the event may have been received before.',
      },
      traceparent: { ...text, description: 'The trace of the event (W3C Trace Context).' },
      'user-agent': { ...text, description: 'Names Tidings and its version.' },
      'x-webhook-id': { ...text, description: 'As webhook-id. Only with the signature style `plain`.' },
      'x-webhook-timestamp': {
        ...text,
        description: 'As webhook-timestamp. Only with the signature style `plain`.',
      },
      'x-webhook-signature': {
        ...text,
        pattern: '^sha256=[0-9a-f]{64}$',
        description: 'HMAC-SHA-256 of the body. Only with the signature style `plain`.',
      },
      'ce-specversion': cloudEventHeader('Always `1.0`.'),
      'ce-id': cloudEventHeader('The id of the event.'),
      'ce-source': cloudEventHeader('Source of the event.'),
      'ce-type': cloudEventHeader('The event type.'),
      'ce-time': cloudEventHeader('Time of the event.'),
      'ce-workspaceid': cloudEventHeader('The workspace.'),
    },
    bodies: { 'application/json': standardBody, 'application/cloudevents+json': cloudEventBody },
    responses: {
      '2XX': 'The delivery has succeeded. The body is ignored.',
      default:
        'The attempt has failed and is retried by the schedule; Retry-After of 429 and 503 is observed. 410 means that the ' +
        'endpoint is gone: the subscription is disabled at once.',
    },
  },
};
