import {
  type AttemptExchange,
  type AttemptOutcome,
  type AttemptRecorded,
  type BreakerOpened,
  bodyFormats,
  type CommandsSuperseded,
  type DeadLetterSettled,
  type DeliveryState,
  deadLetterReasons,
  deferralReasons,
  encodeAttempt,
  encodeBreakerClosed,
  encodeBreakerOpened,
  encodeDeadLetter,
  encodeDelivery,
  encodeLiveHeld,
  encodeLiveHoldChanged,
  encodeOrderingEntry,
  encodePoison,
  encodeSettled,
  encodeSuperseded,
  exchangeText,
  failureReasons,
  replayChainOf,
  suppressionReasons,
  triggers,
} from '../../../packages/contracts/src/index.ts';
import { atMs, atTime, ids, type MessageExample, named, sha256, traceparent } from './example.ts';

const { workspaceId, consumerId, eventId, subscriptionId, deliveryId, jobId, keyId } = ids;

const first: DeliveryState = {
  ...{ type: 'DeliveryRequested.v1', deliveryId, eventId, eventType: 'order.paid', workspaceId },
  ...{ consumerId: null, subscriptionId, subscriptionVersion: 1, orderingKey: null, format: 'standard' },
  ...{ chain: 0, attempt: 1, position: 0, trigger: 'event', acceptedAtMs: atMs },
  ...{ firstAttemptAtMs: null, notBeforeMs: null, deferrals: 0, attempts: [] },
};

const retried: DeliveryState = {
  ...{ ...first, consumerId, orderingKey: 'ord_7', attempt: 14, position: 13, trigger: 'retry' },
  ...{ firstAttemptAtMs: atMs + 10, notBeforeMs: atMs + 60_000, deferrals: 2 },
  attempts: [
    ...failureReasons.map((reason, at) => ({
      ...{ atMs: atMs + at * 1_000, reason, durationMs: 12 },
      statusCode: reason === 'http-status' ? 500 : null,
    })),
    { atMs: atMs + 20_000, statusCode: 200, reason: null, durationMs: 12 },
  ],
};

const states: Readonly<Record<string, DeliveryState>> = {
  'the first attempt': first,
  'a retry after each failure': retried,
  ...Object.fromEntries(triggers.map((trigger) => [`by ${trigger}`, { ...first, trigger }])),
  ...Object.fromEntries(bodyFormats.map((format) => [`in the format ${format}`, { ...first, format }])),
  'with the headers of a CloudEvent': {
    ...{ ...first, format: 'cloudevents-binary' },
    cloudEvent: { source: '/orders', time: atTime },
  },
  'with a reference to its data': {
    ...{ ...first, format: 'cloudevents-binary' },
    cloudEvent: { source: '/orders', time: atTime, dataref: '/v1/webhooks/events/x/data' },
  },
  'with large data': { ...first, large: { bytes: 5_000_000, sha256, at: 40 } },
  'to a subscription of the workspace, in place of older chains': {
    ...{ ...first, addressedTo: consumerId, supersedes: true },
    chain: replayChainOf({ jobId, createdAtMs: atMs }),
  },
};

const body = Buffer.from('{"type":"order.paid","data":{"n":9007199254740993}}');
const commands = [
  ...named(states, (state) => encodeDelivery({ state, body, traceparent })),
  ...named({ 'without a trace': first }, (state) => encodeDelivery({ state, body, traceparent: null })),
];

/** Records of the retry topics. */
export const retryExamples: readonly MessageExample[] = commands;

const hold = { subscriptionId, chain: replayChainOf({ jobId, createdAtMs: atMs }) };
const holdStates = ['held', 'ending', 'released'] as const;

/** Records of the deliveries topic. */
export const deliveryExamples: readonly MessageExample[] = [
  ...commands,
  ...holdStates.map((state) => ({
    name: `a hold that is ${state}`,
    record: encodeLiveHoldChanged({ type: 'LiveHoldChanged.v1', ...hold, state }),
  })),
];

/** Records of the ordering changelog. */
export const holdExamples: readonly MessageExample[] = [
  ...named(states, (state) =>
    encodeOrderingEntry({ type: 'DeliveryHeld.v1', sequence: 7 }, { state, body, traceparent }),
  ),
  ...(['held', 'ending'] as const).map((state) => ({
    name: `a hold that is ${state}`,
    record: encodeLiveHeld({ type: 'LiveHeld.v1', ...hold, state, sequence: 9 }),
  })),
];

/** Records of the superseded-commands topic. */
export const supersededExamples = named<CommandsSuperseded>(
  { 'of a retry': { type: 'CommandsSuperseded.v1', subscriptionId, deliveryId, chain: 1 } },
  encodeSuperseded,
);

const opened: BreakerOpened = {
  ...{ type: 'BreakerOpened.v1', subscriptionId, workspaceId, consumerId, sinceMs: atMs },
  ...{ probeAtMs: atMs + 5_000, atMs },
};

/** Records of the breakers topic. */
export const breakerExamples: readonly MessageExample[] = [
  ...named<BreakerOpened>(
    { 'of a consumer': opened, 'of the workspace': { ...opened, consumerId: null } },
    encodeBreakerOpened,
  ),
  { name: 'closed', record: encodeBreakerClosed(subscriptionId) },
];

const attempt: AttemptRecorded = {
  ...{ type: 'AttemptRecorded.v1', deliveryId, eventId, eventType: 'order.paid', workspaceId },
  ...{ consumerId: null, subscriptionId, subscriptionVersion: 3, chain: 0, attempt: 1, trigger: 'event' },
  ...{ atMs: atMs + 100, durationMs: 12, acceptedAtMs: atMs },
  outcome: { kind: 'delivered', statusCode: 200, responseExcerpt: 'ok' },
  next: { kind: 'none' },
};

const phases = { totalMs: 12.5, dnsMs: 1, connectMs: 2.5, tlsMs: 3, firstByteMs: 5, bodyMs: 1 };
const whole: AttemptExchange = {
  ...{ phases, request: { headers: { 'user-agent': 'Tidings', 'x-twice': ['a', 'b'] }, omitted: 1 } },
  response: {
    ...{ headers: { 'content-type': 'text/plain' }, omitted: 2, body: 'AAE=', encoding: 'base64' },
    truncated: true,
  },
};
const exchanges = {
  whole,
  'without a response': { phases: { totalMs: 3 }, request: { headers: {} } },
  withheld: { ...whole, response: { headers: { 'x-twice': ['a', 'b'] }, withheld: true } },
  'without its headers': { phases: { totalMs: 3 }, dropped: true },
  'without its headers, of a long body': { phases, dropped: true, truncated: true },
} as const;

const outcomes: readonly AttemptOutcome[] = [
  { kind: 'delivered', statusCode: 204, responseExcerpt: null },
  ...failureReasons.map((reason) => ({
    ...({ kind: 'failed', reason, responseExcerpt: reason === 'http-status' ? 'no' : null } as const),
    statusCode: reason === 'http-status' ? 500 : null,
  })),
  ...suppressionReasons.map((reason) => ({ kind: 'suppressed', reason }) as const),
  ...deadLetterReasons.map((reason) => ({ kind: 'set-aside', reason }) as const),
  ...deferralReasons.map((reason) => ({ kind: 'deferred', reason }) as const),
];

/** Records of the attempts topic. */
export const attemptExamples = named<AttemptRecorded>(
  {
    delivered: attempt,
    'ordered, of a consumer': { ...attempt, consumerId, orderingKey: 'ord_7' },
    'addressed, to a subscription of the workspace': { ...attempt, addressedTo: consumerId },
    ...Object.fromEntries(
      outcomes.map((outcome) => [JSON.stringify(outcome), { ...attempt, outcome }] as const),
    ),
    ...Object.fromEntries(triggers.map((trigger) => [`by ${trigger}`, { ...attempt, trigger }])),
    'followed by a retry': { ...attempt, next: { kind: 'retry', atMs: atMs + 5_000 } },
    ...Object.fromEntries(
      deadLetterReasons.map((reason) => [
        `followed by a dead letter: ${reason}`,
        { ...attempt, next: { kind: 'dead-letter', reason } } as const,
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(exchanges).map(([name, exchange]) => [
        `with an exchange: ${name}`,
        { ...attempt, exchange: exchangeText(exchange) },
      ]),
    ),
  },
  (one) => encodeAttempt(one, one.exchange === undefined ? null : traceparent),
);

const deliveryReasons = deadLetterReasons.filter(
  (reason) => reason !== 'undecodable' && reason !== 'idempotency-conflict',
);
const deadLetters = [
  ...deliveryReasons.map((reason) => [reason, retried] as const),
  ...Object.entries(states).map(([, state]) => ['exhausted', state] as const),
].map(([reason, state], at) => ({
  name: `${reason}, ${at + 1}`,
  record: encodeDeadLetter(
    { type: 'DeliveryDeadLettered.v1', reason, recordedAtMs: atMs, state },
    body,
    at === 0 ? traceparent : null,
  ),
}));

const origin = {
  ...{ topic: 'tidings.events', partition: 3, offset: '9007199254740993', timestampMs: atMs },
  ...{ key: 'ord_7', headers: { ce_id: 'x' } },
};
const poison = { detail: 'is not JSON', recordedAtMs: atMs, group: 'tidings-fanout', origin };
const settled: DeadLetterSettled = {
  ...{ type: 'DeadLetterSettled.v1', ref: { kind: 'delivery', eventId, deliveryId, chain: 0 } },
  ...{ how: 'redriven', chain: 1, jobId, by: keyId, reason: null, atMs },
};
const { jobId: _, ...byRetry } = settled;
const { topic, partition, offset } = origin;

/** Records of the dead-letters topic. */
export const deadLetterExamples: readonly MessageExample[] = [
  ...deadLetters,
  {
    name: 'poison',
    record: encodePoison({ ...poison, reason: 'undecodable' }, Buffer.from([0xff, 0x00])),
  },
  {
    name: 'a poison tombstone',
    record: encodePoison(
      { ...poison, reason: 'idempotency-conflict', origin: { ...origin, key: null } },
      null,
    ),
  },
  ...named<DeadLetterSettled>(
    {
      'redriven by a job': settled,
      'redriven by a retry': byRetry,
      'poison that was discarded': {
        ...{ ...byRetry, how: 'discarded', chain: null, reason: 'not needed' },
        ref: { kind: 'poison', topic, partition, offset, group: poison.group },
      },
    },
    encodeSettled,
  ),
];
