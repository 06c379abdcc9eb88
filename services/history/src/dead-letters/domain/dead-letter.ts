import {
  type ConsumerId,
  type DeadLetterId,
  type DeadLetterReason,
  type DeadLetter as DeadLetterRecord,
  type DeadLetterRef,
  type DeadLetterSettled,
  type DeliveryRequested,
  type DeliveryState,
  deadLetterIdOf,
  deadLetterRefOf,
  type EventId,
  poisonedEventOf,
  type RecordPoisoned,
  type SubscriptionId,
  type WorkspaceId,
  workspaceIdPattern,
} from '@tidings/contracts';

/**
 *   waiting ──job takes it──▶ redriving ──command in the log──▶ redriven
 *      │  ▲                      └──job cancelled──▶ waiting
 *      └──▶ discarded            all but discarded ──an attempt succeeded, of whatever chain──▶ delivered
 */
export const deadLetterStates = ['waiting', 'redriving', 'redriven', 'delivered', 'discarded'] as const;
/** See {@link deadLetterStates}. */
export type DeadLetterState = (typeof deadLetterStates)[number];

/** delivery: a command that ended undelivered. poison: a record that no one could work on. */
export const deadLetterKinds = ['delivery', 'poison'] as const;

/** Where a dead letter lies in its topic. */
export type TopicPosition = Readonly<{ partition: number; offset: number }>;

/** The job that has taken a dead letter ('' when only the topic tells of it), and the chain in which it sends it. */
export type Taken = Readonly<{ jobId: string; chain: number }>;

/** All that lists show and jobs go by; the command itself is kept apart. What does not apply to a poison record is null. */
export type DeadLetter = Readonly<{
  id: DeadLetterId;
  ref: DeadLetterRef;
  state: DeadLetterState;
  reason: DeadLetterReason;
  /** null: a poison record of which nobody can say whose it is. */
  workspaceId: WorkspaceId | null;
  consumerId: ConsumerId | null;
  subscriptionId: SubscriptionId | null;
  /** The version that the matcher saw, or the redrive after it. */
  subscriptionVersion: number | null;
  /** Of a poison record: what its headers say, where it is an event. */
  eventId: EventId | null;
  eventType: string | null;
  attemptCount: number;
  lastStatusCode: number | null;
  lastError: string | null;
  firstErrorAtMs: number;
  lastErrorAtMs: number;
  recordedAtMs: number;
  /** Of the request body, or of the poison record's value. */
  bytes: number;
  /** What was wrong with a poison record, for operators. */
  detail: string | null;
  position: TopicPosition;
  taken: Taken | null;
  settled: Readonly<{ atMs: number; by: string; reason: string | null }> | null;
}>;

/** What a dead letter holds: enough to send it again as it was. */
export type Content =
  | Readonly<{ kind: 'delivery'; command: DeliveryRequested }>
  | Readonly<{ kind: 'poison'; poison: RecordPoisoned; value: Buffer }>;

/** A record of the topic, with where it lies. */
export type Recorded = Readonly<{
  deadLetter: DeadLetterRecord;
  value: Buffer;
  traceparent: string | null;
  position: TopicPosition;
}>;

const unsettled = { state: 'waiting', taken: null, settled: null } as const;
const maxDetailChars = 500;

const workspacePattern = new RegExp(workspaceIdPattern);

/**
 * Whose a poison record is: what its header says where it is an event, else who its key, a subscription id, belongs to.
 * null: nobody can say, so only those see it who may see all workspaces.
 */
const workspaceOf = (
  { origin }: RecordPoisoned,
  ownerOf: (subscription: string) => WorkspaceId | undefined,
): WorkspaceId | null => {
  const said = origin.headers['ce_workspaceid'];
  if (said !== undefined) return workspacePattern.test(said) ? (said as WorkspaceId) : null;
  return origin.key === null ? null : (ownerOf(origin.key) ?? null);
};

const ofDelivery = (state: DeliveryState, recordedAtMs: number) => {
  const last = state.attempts.at(-1);
  return {
    workspaceId: state.workspaceId,
    consumerId: state.consumerId,
    subscriptionId: state.subscriptionId,
    subscriptionVersion: state.subscriptionVersion,
    eventId: state.eventId,
    eventType: state.eventType,
    attemptCount: state.attempts.length,
    lastStatusCode: last?.statusCode ?? null,
    lastError: last?.reason ?? null,
    firstErrorAtMs: state.attempts[0]?.atMs ?? recordedAtMs,
    lastErrorAtMs: last?.atMs ?? recordedAtMs,
    detail: null,
  };
};

const ofPoison = (poison: RecordPoisoned, workspaceId: WorkspaceId | null) => {
  const event = poisonedEventOf(poison);
  return {
    workspaceId,
    consumerId: event?.consumerId ?? null,
    subscriptionId: null,
    subscriptionVersion: null,
    eventId: event?.id ?? null,
    eventType: event?.eventType ?? null,
    attemptCount: 0,
    lastStatusCode: null,
    lastError: null,
    firstErrorAtMs: poison.recordedAtMs,
    lastErrorAtMs: poison.recordedAtMs,
    detail: poison.detail.slice(0, maxDetailChars),
  };
};

/** A dead letter as it begins: nothing was done with it yet. `ownerOf`: the workspace of a subscription. */
export const deadLetterOf = (
  { deadLetter, value, position }: Recorded,
  ownerOf: (subscription: string) => WorkspaceId | undefined,
): DeadLetter => {
  const ref = deadLetterRefOf(deadLetter);
  const { reason, recordedAtMs } = deadLetter;
  const rest =
    deadLetter.type === 'DeliveryDeadLettered.v1'
      ? ofDelivery(deadLetter.state, recordedAtMs)
      : ofPoison(deadLetter, workspaceOf(deadLetter, ownerOf));
  return {
    id: deadLetterIdOf(ref),
    ref,
    reason,
    recordedAtMs,
    bytes: value.length,
    position,
    ...unsettled,
    ...rest,
  };
};

/** What lies in a record of the topic. */
export const contentOf = ({ deadLetter, value, traceparent }: Recorded): Content =>
  deadLetter.type === 'DeliveryDeadLettered.v1'
    ? { kind: 'delivery', command: { state: deadLetter.state, body: value, traceparent } }
    : { kind: 'poison', poison: deadLetter, value };

/**
 * The name of a dead letter's document. As with deliveries it begins with the event, whose id begins with its time: what
 * is written together lies together, and a delivery's own dead letters are found by their names.
 */
export const deadLetterKey = (ref: DeadLetterRef): string =>
  ref.kind === 'delivery'
    ? `${ref.eventId}/${ref.deliveryId}/${ref.chain}`
    : `poison/${ref.topic}/${ref.partition}/${ref.offset.padStart(20, '0')}/${ref.group}`;

/** The command again: a new run through the schedule, for the version of the subscription that is known to receive. */
export const redriven = (
  { state, body, traceparent }: DeliveryRequested,
  { chain, subscriptionVersion }: Readonly<{ chain: number; subscriptionVersion: number }>,
): DeliveryRequested => ({
  state: {
    ...state,
    subscriptionVersion: Math.max(state.subscriptionVersion, subscriptionVersion),
    chain,
    attempt: 1,
    position: 0,
    trigger: 'redrive',
    notBeforeMs: null,
    deferrals: 0,
  },
  body,
  traceparent,
});

/** What was done with a letter by a job or a person. `chain`: in which it was sent again. */
export type Settlement = Readonly<{
  how: DeadLetterSettled['how'];
  by: string;
  reason: string | null;
  atMs: number;
}>;

/** The fact of it, to be written behind the letter. */
export const settledEvent = (
  deadLetter: DeadLetter,
  { how, by, reason, atMs }: Settlement,
): DeadLetterSettled => ({
  type: 'DeadLetterSettled.v1',
  ref: deadLetter.ref,
  how,
  chain: how === 'redriven' && deadLetter.ref.kind === 'delivery' ? (deadLetter.taken?.chain ?? null) : null,
  by,
  reason,
  atMs,
});
