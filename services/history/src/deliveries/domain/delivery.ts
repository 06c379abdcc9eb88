import {
  type AttemptOutcome,
  type AttemptRecorded,
  attemptId,
  type ConsumerId,
  type DeliveryId,
  type EventId,
  type NextStep,
  type SubscriptionId,
  type Trigger,
  type WorkspaceId,
} from '@tidings/contracts';

/**
 * The statuses of a delivery. pending: never attempted. retrying: attempted, and another attempt follows. delivered: an
 * endpoint responded 2xx. failed: ended without a dead letter (a test). dead_lettered: ended, can be redriven.
 * suppressed: ended without need for an attempt.
 */
export const deliveryStatuses = [
  'pending',
  'retrying',
  'delivered',
  'failed',
  'dead_lettered',
  'suppressed',
] as const;

/** See {@link deliveryStatuses}. */
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** One record of the attempts topic, as stored in a delivery. Two records with one `id` are the same attempt event. */
export type AttemptEvent = Readonly<{
  id: string;
  kind: AttemptOutcome['kind'];
  chain: number;
  attempt: number;
  trigger: Trigger;
  subscriptionVersion: number;
  atMs: number;
  durationMs: number;
  statusCode: number | null;
  reason: string | null;
  responseExcerpt: string | null;
  next: NextStep;
  /** The text of the exchange, see `parseExchange`; null without one. */
  exchange: string | null;
}>;

/** The known state of one delivery. Everything below `attemptEvents` is derived from them. */
export type Delivery = Readonly<{
  id: DeliveryId;
  workspaceId: WorkspaceId;
  consumerId: ConsumerId | null;
  eventId: EventId;
  eventType: string;
  subscriptionId: SubscriptionId;
  /** Of the event; null if it has none, or if only records of earlier releases are known. */
  orderingKey: string | null;
  createdAtMs: number;
  updatedAtMs: number;
  /** In chronological order. */
  attemptEvents: readonly AttemptEvent[];
  status: DeliveryStatus;
  /** The reason why it ended undelivered or waits; null if the status is sufficient. */
  statusReason: string | null;
  nextAttemptAtMs: number | null;
  /** The consumer that the event is addressed to, if the subscription belongs to none. */
  addressedTo?: ConsumerId;
  /** True if the recorded requests and responses are erased. */
  isErased?: true;
}>;

/**
 * Returns the key of a delivery's document. The delivery's id would suffice, but it is a hash: documents whose keys
 * arrive in random order cost MongoDB twice as much to write, and more with each existing document. The id of a new
 * event begins with its time.
 */
export const documentKey = ({ eventId, id }: Pick<Delivery, 'eventId' | 'id'>): string => `${eventId}/${id}`;

/** Returns true for attempt events that were a request to the endpoint. */
export const isAttempt = (attemptEvent: AttemptEvent): boolean =>
  attemptEvent.kind === 'delivered' || attemptEvent.kind === 'failed';

type Standing = Pick<Delivery, 'status' | 'statusReason' | 'nextAttemptAtMs'>;

const standing = (status: DeliveryStatus, statusReason: string | null, next?: NextStep): Standing => ({
  status,
  statusReason,
  nextAttemptAtMs: next?.kind === 'retry' ? next.atMs : null,
});

const afterFailure = ({ next, reason }: AttemptEvent): Standing => {
  switch (next.kind) {
    case 'none':
      return standing('failed', reason);
    case 'retry':
      return standing('retrying', null, next);
    case 'dead-letter':
      return standing('dead_lettered', next.reason);
  }
};

/**
 * Returns the status that the ordered attempt events result in. The last one decides, but `delivered` takes precedence.
 */
export const statusOf = (attemptEvents: readonly AttemptEvent[]): Standing => {
  if (attemptEvents.some(({ kind }) => kind === 'delivered')) return standing('delivered', null);
  // A dropped fork has no effect on the delivery's status, unless nothing else is known.
  const significant = attemptEvents.filter(({ reason }) => reason !== 'duplicate-command');
  const last = significant.at(-1) ?? attemptEvents.at(-1);
  if (last === undefined) return standing('pending', null);
  switch (last.kind) {
    case 'delivered':
      return standing('delivered', null);
    case 'failed':
      return afterFailure(last);
    case 'suppressed':
      return standing('suppressed', last.reason);
    case 'set-aside':
      return standing('dead_lettered', last.reason);
    case 'deferred':
      return standing(attemptEvents.some(isAttempt) ? 'retrying' : 'pending', last.reason, last.next);
  }
};

const attemptEventOf = (record: AttemptRecorded): AttemptEvent => {
  const { outcome } = record;
  return {
    id: attemptId(record),
    kind: outcome.kind,
    chain: record.chain,
    attempt: record.attempt,
    trigger: record.trigger,
    subscriptionVersion: record.subscriptionVersion,
    atMs: record.atMs,
    durationMs: record.durationMs,
    statusCode: 'statusCode' in outcome ? outcome.statusCode : null,
    reason: 'reason' in outcome ? outcome.reason : null,
    responseExcerpt: 'responseExcerpt' in outcome ? outcome.responseExcerpt : null,
    next: record.next,
    exchange: record.exchange ?? null,
  };
};

/** Returns a delivery with one known record. */
export const deliveryOf = (record: AttemptRecorded): Delivery => {
  const attemptEvents = [attemptEventOf(record)];
  return {
    id: record.deliveryId,
    workspaceId: record.workspaceId,
    consumerId: record.consumerId,
    eventId: record.eventId,
    eventType: record.eventType,
    subscriptionId: record.subscriptionId,
    orderingKey: record.orderingKey ?? null,
    createdAtMs: record.acceptedAtMs,
    updatedAtMs: record.atMs,
    attemptEvents,
    ...statusOf(attemptEvents),
    ...(record.addressedTo !== undefined && { addressedTo: record.addressedTo }),
  };
};

const isLeftBehind = ({ kind, next }: AttemptEvent): boolean =>
  kind === 'set-aside' || next.kind === 'dead-letter';

/** Returns true if a delivery succeeded although one of its chains ended, or may have ended, in dead-letters. */
export const hasRecovered = ({ status, attemptEvents }: Delivery): boolean =>
  status === 'delivered' &&
  attemptEvents.some((attemptEvent) => attemptEvent.chain > 0 || isLeftBehind(attemptEvent));

/** Returns the chains of a delivery in which it may be in dead-letters: the known ones and all before them. */
export const chainsOf = ({ attemptEvents }: Pick<Delivery, 'attemptEvents'>): readonly number[] => {
  const chains = attemptEvents.flatMap(({ chain }) => (chain > 0 ? [chain - 1, chain] : [chain]));
  return [...new Set(chains)];
};
