import {
  type AttemptRecorded,
  consumerId,
  deriveDeliveryId,
  encodeAttempt,
  encodeDeadLetter,
  encodeEvent,
  newEventId,
  subscriptionId,
  topics,
  type WireRecord,
  workspaceId,
} from '@tidings/contracts';
import type { OutgoingRecord } from '@tidings/kafka';

const workspace = workspaceId('ws_demo');
const stepMs = 10;
/** One delivery of so many failed. */
export const oneFailedIn = 20_000;
const oneDeadLetterIn = 100;

export const consumerOf = (number: number): string => `consumer-${number % 50}`;
export const subscriptionOf = (number: number): string => `sub_${String(number % 200).padStart(32, '0')}`;
export const typeOf = (number: number): string => `bench.history.type${number % 25}`;

const exchange = JSON.stringify({
  requestHeaders: {
    'content-type': 'application/json',
    'webhook-id': '~',
    'webhook-timestamp': '1790000000',
    'webhook-signature': '***',
  },
  responseHeaders: { 'content-type': 'text/plain', 'content-length': '2', connection: 'keep-alive' },
  responseBody: 'ok',
  phases: { dnsMs: 0, connectMs: 1, tlsMs: null, firstByteMs: 3, bodyMs: 0, totalMs: 4 },
});

type Common = Pick<
  AttemptRecorded,
  | 'deliveryId'
  | 'eventId'
  | 'eventType'
  | 'workspaceId'
  | 'subscriptionId'
  | 'subscriptionVersion'
  | 'chain'
  | 'acceptedAtMs'
> &
  Readonly<{ consumerId: ReturnType<typeof consumerId> }>;

const commonOf = (number: number, startMs: number): Common => {
  const acceptedAtMs = startMs + number * stepMs;
  const event = newEventId(acceptedAtMs);
  const subscription = subscriptionId(subscriptionOf(number));
  return {
    deliveryId: deriveDeliveryId(event, subscription),
    eventId: event,
    eventType: typeOf(number),
    workspaceId: workspace,
    consumerId: consumerId(consumerOf(number)),
    subscriptionId: subscription,
    subscriptionVersion: 1,
    chain: 0,
    acceptedAtMs,
  };
};

const attemptOf = (common: Common, isFailed: boolean): WireRecord =>
  encodeAttempt(
    {
      type: 'AttemptRecorded.v1',
      ...common,
      attempt: 1,
      trigger: 'event',
      atMs: common.acceptedAtMs + 20,
      durationMs: 4,
      outcome: isFailed
        ? { kind: 'failed', reason: 'http-status', statusCode: 500, responseExcerpt: 'no' }
        : { kind: 'delivered', statusCode: 200, responseExcerpt: 'ok' },
      next: isFailed ? { kind: 'dead-letter', reason: 'exhausted' } : { kind: 'none' },
      exchange,
    },
    null,
  );

const eventOf = (
  { eventId, eventType, consumerId: consumer, acceptedAtMs }: Common,
  data: Buffer,
): WireRecord =>
  encodeEvent(
    {
      ...{ id: eventId, callerId: null, workspaceId: workspace, consumerId: consumer, eventType },
      ...{ source: 'bench', time: new Date(acceptedAtMs).toISOString(), orderingKey: null },
      ...{ traceparent: null, data },
    },
    { isRepeatable: false },
  );

const deadLetterOf = (common: Common, body: Buffer): WireRecord =>
  encodeDeadLetter(
    {
      type: 'DeliveryDeadLettered.v1',
      reason: 'exhausted',
      recordedAtMs: common.acceptedAtMs + 30,
      state: {
        type: 'DeliveryRequested.v1',
        ...common,
        orderingKey: null,
        format: 'standard',
        attempt: 2,
        position: 1,
        trigger: 'event',
        firstAttemptAtMs: common.acceptedAtMs + 20,
        notBeforeMs: null,
        deferrals: 0,
        attempts: [{ atMs: common.acceptedAtMs + 20, statusCode: 500, reason: 'http-status', durationMs: 4 }],
      },
    },
    body,
    null,
  );

/**
 * Makes the records of one event, as the services write them: the event, its attempt, and for every hundredth a dead
 * letter.
 */
export const recordsOf = (number: number, startMs: number): readonly OutgoingRecord[] => {
  const common = commonOf(number, startMs);
  const data = Buffer.from(`{"sequence":${number}}`);
  const records = [
    { topic: topics.events, ...eventOf(common, data) },
    { topic: topics.attempts, ...attemptOf(common, number % oneFailedIn === 0) },
  ];
  return number % oneDeadLetterIn === 0
    ? [...records, { topic: topics.deadLetters, ...deadLetterOf(common, data) }]
    : records;
};
