import type { AttemptRecord, HistoryRecord, RequestRecord, SubscriptionRecord } from '../history/record.ts';
import { signWebhook } from '../load/sign-webhook.ts';

const secret = `whsec_${Buffer.from('a secret of the tests, 32 bytes.').toString('base64')}`;

/** Returns the signature of Standard Webhooks with the secret of {@link keptHistory}. */
export const sign = ({
  webhookId,
  timestamp,
  body,
}: Pick<RequestRecord, 'webhookId' | 'timestamp' | 'body'>): string =>
  signWebhook(secret, { id: webhookId, timestamp, body });

const subscription = (id: string, settings: Partial<SubscriptionRecord> = {}): SubscriptionRecord => ({
  ...({
    kind: 'subscription',
    at: 0,
    id,
    endpoint: `/${id}`,
    eventType: 'chaos.event',
    consumer: null,
  } as const),
  ...({
    ordering: 'none',
    maxInFlight: 2,
    retryScheduleSeconds: [1, 2],
    ratePerSecond: null,
    rateBurst: 0,
    ...settings,
  } as const),
});

const dataOf = (number: number): string => `{"number":${number},"text": "ä"}`;

/** A request for event `number` at an endpoint, signed; one attempt that recorded it is beside it. */
export const exchange = (
  number: number,
  subscriptionId: string,
  given: Readonly<{
    at: number;
    status?: number;
    attempt?: number;
    nextAt?: number;
    retryAfter?: number;
    chain?: number;
    event?: string;
  }>,
): readonly [RequestRecord, AttemptRecord] => {
  const { at, status = 204, attempt = 1, nextAt = null, retryAfter = null, chain = 0 } = given;
  const event = given.event ?? `evt_${number}`;
  const body = `{"id":"${event}","type":"chaos.event","timestamp":"2026-01-01T00:00:00Z","data":${dataOf(number)}}`;
  const webhookId = `dlv_${event.slice('evt_'.length)}_${subscriptionId}`;
  const timestamp = '1767225600';
  const signature = sign({ webhookId, timestamp, body });
  return [
    {
      ...({ kind: 'request', endpoint: `/${subscriptionId}`, at, endedAt: at + 5, status } as const),
      ...{ retryAfterSeconds: retryAfter, webhookId, timestamp, signature, body },
    },
    {
      ...({
        kind: 'attempt',
        delivery: webhookId,
        event,
        subscription: subscriptionId,
      } as const),
      ...{
        chain,
        attempt,
        at: at - 1,
        durationMs: 7,
        status,
        outcome: status < 300 ? 'delivered' : 'failed',
        nextAt,
      },
    },
  ];
};

const input = (
  number: number,
  settings: Readonly<{ orderingKey?: string; consumer?: string }> = {},
): HistoryRecord[] => {
  const { orderingKey = null, consumer = null } = settings;
  const at = 100 * number;
  return [
    {
      ...{ kind: 'input', number, at, eventType: 'chaos.event' },
      orderingKey,
      consumer,
      data: dataOf(number),
    },
    { kind: 'accepted', number, at: at + 3, eventId: `evt_${number}` },
  ];
};

/** The history of a small run that keeps every rule and in which every rule has something to check. */
export const keptHistory = (): readonly HistoryRecord[] => {
  const secrets = ['sub_a', 'sub_ordered', 'sub_ended'].map(
    (id) => ({ kind: 'secret', subscription: id, secret, from: 0, until: null }) as const,
  );
  return [
    { kind: 'run', seed: 1, at: 0, inFlightLimit: 1 },
    subscription('sub_a', { consumer: 'consumer_a', ratePerSecond: 2, rateBurst: 2 }),
    subscription('sub_ordered', { ordering: 'key', consumer: 'consumer_b' }),
    subscription('sub_ended', { consumer: 'consumer_c' }),
    ...secrets,
    ...input(1, { consumer: 'consumer_a' }),
    ...input(2, { consumer: 'consumer_a' }),
    ...input(3, { consumer: 'consumer_a' }),
    ...input(4, { consumer: 'consumer_b', orderingKey: 'k' }),
    ...input(5, { consumer: 'consumer_b', orderingKey: 'k' }),
    ...input(6, { consumer: 'consumer_c' }),
    // Asked to wait for two seconds, and failed once before.
    ...exchange(1, 'sub_a', { at: 1_000, status: 429, retryAfter: 2, nextAt: 3_100 }),
    ...exchange(1, 'sub_a', { at: 3_200, attempt: 2 }),
    // A dead letter that was redriven.
    ...exchange(2, 'sub_a', { at: 4_000, status: 500 }),
    ...exchange(2, 'sub_a', { at: 9_500, chain: 1 }),
    {
      ...{
        kind: 'dead-letter',
        delivery: 'dlv_2_sub_a',
        event: 'evt_2',
        subscription: 'sub_a',
        reason: 'exhausted',
      },
      ...{ at: 4_100, hasBody: true, state: 'delivered' },
    },
    ...exchange(3, 'sub_a', { at: 4_500 }),
    ...exchange(4, 'sub_ordered', { at: 5_000 }),
    ...exchange(5, 'sub_ordered', { at: 5_100 }),
    ...exchange(6, 'sub_ended', { at: 6_000 }),
    { kind: 'switch', subscription: 'sub_ended', to: 'disabled', asked: 6_100, at: 6_200 },
    { kind: 'manual', action: 'redrive', at: 9_000, subscription: null },
  ];
};
