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
 * The states of a dead letter and their transitions:
 *
 *   waiting ──taken by a job──▶ redriving ──command acknowledged──▶ redriven
 *      │  ▲                        └──job cancelled──▶ waiting
 *      └──▶ discarded            all but discarded ──an attempt succeeded, of any chain──▶ delivered
 */
export const deadLetterStates = ['waiting', 'redriving', 'redriven', 'delivered', 'discarded'] as const;
/** See {@link deadLetterStates}. */
export type DeadLetterState = (typeof deadLetterStates)[number];

/** delivery: a command that ended undelivered. poison: a record that could not be decoded. */
export const deadLetterKinds = ['delivery', 'poison'] as const;

/** The position of a dead letter in its topic. */
export type TopicPosition = Readonly<{ partition: number; offset: number }>;

/** The job that has taken a dead letter ('' if only the topic records it), and the chain in which the job sends it. */
export type Taken = Readonly<{ jobId: string; chain: number }>;

/**
 * The fields that lists show and jobs use; the command itself is stored separately. Fields that do not apply to a
 * poison record are null.
 */
export type DeadLetter = Readonly<{
  id: DeadLetterId;
  ref: DeadLetterRef;
  state: DeadLetterState;
  reason: DeadLetterReason;
  /** null: a poison record without a known workspace. */
  workspaceId: WorkspaceId | null;
  consumerId: ConsumerId | null;
  subscriptionId: SubscriptionId | null;
  /** The version that the matcher used, or the redrive after it. */
  subscriptionVersion: number | null;
  /** For a poison record: the value of its headers, if it is an event. */
  eventId: EventId | null;
  eventType: string | null;
  attemptCount: number;
  lastStatusCode: number | null;
  lastError: string | null;
  firstErrorAtMs: number;
  lastErrorAtMs: number;
  recordedAtMs: number;
  /** The size of the request body, or of the poison record's value. */
  bytes: number;
  /** The decoding error of a poison record, for operators. */
  detail: string | null;
  position: TopicPosition;
  taken: Taken | null;
  settled: Readonly<{ atMs: number; by: string; reason: string | null }> | null;
  /** True if its content is erased: it cannot be sent again. */
  isErased?: true;
}>;

/** The content of a dead letter: sufficient to send it again unchanged, unless it is erased. */
export type Content =
  | Readonly<{ kind: 'erased' }>
  | Readonly<{ kind: 'delivery'; command: DeliveryRequested }>
  | Readonly<{ kind: 'poison'; poison: RecordPoisoned; value: Buffer }>;

/** A content that can be sent again. */
export type KeptContent = Exclude<Content, Readonly<{ kind: 'erased' }>>;

/** A record of the topic with its position. */
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
 * Returns the workspace of a poison record: from its header if it is an event, else from its key, a subscription id.
 * null: unknown, so that only keys with access to all workspaces see it.
 */
export const workspaceOf = (
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

/** Returns a new dead letter in its initial state. `ownerOf` returns the workspace of a subscription. */
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

/** Returns the content of a record of the topic. */
export const contentOf = ({ deadLetter, value, traceparent }: Recorded): KeptContent =>
  deadLetter.type === 'DeliveryDeadLettered.v1'
    ? { kind: 'delivery', command: { state: deadLetter.state, body: value, traceparent } }
    : { kind: 'poison', poison: deadLetter, value };

/**
 * Returns the key of a dead letter's document. As for deliveries, it begins with the event, whose id begins with its
 * time: documents written together are stored together, and the dead letters of a delivery are found by key.
 */
export const deadLetterKey = (ref: DeadLetterRef): string =>
  ref.kind === 'delivery'
    ? `${ref.eventId}/${ref.deliveryId}/${ref.chain}`
    : `poison/${ref.topic}/${ref.partition}/${ref.offset.padStart(20, '0')}/${ref.group}`;

/**
 * Returns the command for a new run through the retry schedule, with the subscription version that is known to receive.
 */
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

/** The outcome of a dead letter, set by a job or a person. `chain` is the one in which it was sent again. */
export type Settlement = Readonly<{
  how: DeadLetterSettled['how'];
  by: string;
  reason: string | null;
  atMs: number;
}>;

/** Returns the record of a settlement, which follows the dead letter in the topic. */
export const settledEvent = (
  deadLetter: DeadLetter,
  { how, by, reason, atMs }: Settlement,
): DeadLetterSettled => ({
  type: 'DeadLetterSettled.v1',
  ref: deadLetter.ref,
  how,
  chain: how === 'redriven' && deadLetter.ref.kind === 'delivery' ? (deadLetter.taken?.chain ?? null) : null,
  // The read model has it already; a rebuild has it from here.
  ...(how === 'redriven' && deadLetter.taken?.jobId && { jobId: deadLetter.taken.jobId }),
  by,
  reason,
  atMs,
});
