/**
 * One line of the history of a chaos run, as JSON. Times are milliseconds since 1970 by the clock of the machine that
 * runs the suite, unless a field says otherwise. The checker knows nothing but these lines.
 */
export type HistoryRecord =
  | RunRecord
  | SubscriptionRecord
  | SecretRecord
  | SwitchRecord
  | InputRecord
  | AcceptedRecord
  | RepeatRecord
  | RequestRecord
  | FaultRecord
  | ManualRecord
  | AttemptRecord
  | DeadLetterRecord;

/** The settings of the run. */
export type RunRecord = Readonly<{
  kind: 'run';
  seed: number;
  at: number;
  /** The most requests that one delivery process has in flight: what a fault can repeat. */
  inFlightLimit: number;
}>;

/** A subscription from the time at which its creation was answered. */
export type SubscriptionRecord = Readonly<{
  kind: 'subscription';
  at: number;
  id: string;
  endpoint: string;
  /** It receives events of exactly this type. */
  eventType: string;
  consumer: string | null;
  ordering: 'none' | 'key';
  maxInFlight: number;
  /** Seconds between the end of each failed attempt and the next one, at least. */
  retryScheduleSeconds: readonly number[];
  ratePerSecond: number | null;
  /** Requests that may follow one another at once, beyond the rate. */
  rateBurst: number;
}>;

/** A signing secret, valid from the time at which it may have been used first. `until` is null while it has no end. */
export type SecretRecord = Readonly<{
  kind: 'secret';
  subscription: string;
  secret: string;
  from: number;
  until: number | null;
}>;

/**
 * A subscription was disabled, deleted or enabled. `asked` is when the request was sent, `at` when its answer said that the change is
 * in force in the log (`propagated`), or null if no answer said so.
 */
export type SwitchRecord = Readonly<{
  kind: 'switch';
  subscription: string;
  to: 'disabled' | 'deleted' | 'active';
  asked: number;
  at: number | null;
}>;

/** An event that was published, or a webhook that was sent to a source, whatever became of it. `data` is its data byte for byte. */
export type InputRecord = Readonly<{
  kind: 'input';
  number: number;
  at: number;
  eventType: string;
  orderingKey: string | null;
  consumer: string | null;
  data: string;
}>;

/** The event was accepted (2xx) under this id; null: a source, whose response names none, accepted it. */
export type AcceptedRecord = Readonly<{
  kind: 'accepted';
  number: number;
  at: number;
  eventId: string | null;
}>;

/** The provider sends an accepted webhook again, when all faults were over and nothing waited any more. */
export type RepeatRecord = Readonly<{ kind: 'repeat'; number: number; at: number }>;

/** A request at an endpoint. `status` is what was answered, null if the connection ended before the answer. */
export type RequestRecord = Readonly<{
  kind: 'request';
  endpoint: string;
  at: number;
  endedAt: number;
  status: number | null;
  retryAfterSeconds: number | null;
  webhookId: string;
  timestamp: string;
  signature: string;
  body: string;
}>;

/**
 * A fault of the system. `canRepeat`: what was in flight may be sent again because of it. `stepMs`: by how much the clock of the target
 * was wrong; 0 for other faults.
 */
export type FaultRecord = Readonly<{
  kind: 'fault';
  fault: string;
  target: string;
  at: number;
  until: number;
  canRepeat: boolean;
  stepMs: number;
}>;

/** Work that sends webhooks again because somebody asked for it. */
export type ManualRecord = Readonly<{
  kind: 'manual';
  action: 'redrive' | 'replay';
  at: number;
  /** Null: of all subscriptions. */
  subscription: string | null;
}>;

/** An attempt as the system recorded it; `nextAt` is when the following one is due, if one follows. Times of the system. */
export type AttemptRecord = Readonly<{
  kind: 'attempt';
  delivery: string;
  event: string;
  subscription: string;
  chain: number;
  attempt: number;
  at: number;
  durationMs: number;
  status: number | null;
  outcome: string;
  nextAt: number | null;
}>;

/** A dead letter as the system recorded it. */
export type DeadLetterRecord = Readonly<{
  kind: 'dead-letter';
  delivery: string;
  event: string;
  subscription: string;
  reason: string;
  at: number;
  /** The dead letter has the body that would be sent. */
  hasBody: boolean;
  state: string;
}>;
