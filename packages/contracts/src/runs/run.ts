import { type LargeData, largeDataProperties } from '../events/large-data.ts';
import type { ConsumerId, EventId, RunId, WorkspaceId } from '../ids/ids.ts';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';

/**
 * The states of a run:
 *
 *   running ◀──▶ waiting      running, waiting ──▶ completed | failed | cancelled      failed ──▶ running (retry)
 *
 * `waiting`: nothing can be done before the time of the next attempt. `completed`: every step that the handler demands
 * has succeeded. `failed`: a step failed for good; its compensations and `onFailure` have ended.
 */
export const runStatuses = ['running', 'waiting', 'completed', 'failed', 'cancelled'] as const;
/** See {@link runStatuses}. */
export type RunStatus = (typeof runStatuses)[number];

/**
 * Reasons for which a run fails: a step failed for good; the worker has no such step, or no such handler, any more; the
 * state does not fit into one record.
 */
export const runFailureReasons = [
  'step-failed',
  'unknown-step',
  'unknown-handler',
  'state-too-large',
] as const;
/** See {@link runFailureReasons}. */
export type RunFailureReason = (typeof runFailureReasons)[number];

/** The event that started a run. Its data are not in it: they are the value of the record, or in the events. */
export type RunEvent = Readonly<{
  id: EventId;
  type: string;
  workspaceId: WorkspaceId;
  consumerId: ConsumerId | null;
  source: string;
  /** RFC 3339 time of the event itself. */
  time: string;
  /** Time at which the event was written to the log: an erasure of a consumer's data covers what was accepted before it. */
  acceptedAtMs: number;
  orderingKey: string | null;
  traceparent: string | null;
  /** Position in the events. Commands for the run go to the same partition of the commands of its application. */
  partition: number;
  /** Decimal text: a Kafka offset is a 64-bit integer. */
  offset: string;
  /** Present if the data are in the object storage. */
  large?: LargeData;
}>;

/** Ends of an attempt: it returned; it threw; it did not end within its timeout. */
export const runAttemptOutcomes = ['succeeded', 'failed', 'timed-out'] as const;
/** See {@link runAttemptOutcomes}. */
export type RunAttemptOutcome = (typeof runAttemptOutcomes)[number];

/** One attempt of a step that has ended. */
export type RunAttempt = Readonly<{
  /** From 1; begins again at 1 when a failed run is retried. */
  attempt: number;
  startedAtMs: number;
  durationMs: number;
  outcome: RunAttemptOutcome;
  /** Message of the error, shortened; null if it succeeded. */
  error: string | null;
  /** Trace context of its span; absent unless the worker has recorded one. */
  traceparent?: string;
}>;

/** A step with at least one attempt that has ended, or a compensation. Steps not begun are not in the state. */
export type RunStep = Readonly<{
  /** Unique in the run. That of a compensation is `<step>:compensate`. */
  name: string;
  kind: 'step' | 'compensation';
  /** `waiting`: failed, and is attempted again at `retryAtMs`. `undone`: succeeded, was compensated and runs again. */
  status: 'waiting' | 'succeeded' | 'failed' | 'undone';
  /** Attempts since the step, or a retry of the run, began. */
  attemptCount: number;
  /** The newest attempts, oldest first: at most {@link maxRunAttempts}. */
  attempts: readonly RunAttempt[];
  /** Time of the next attempt; null unless it is `waiting`. */
  retryAtMs: number | null;
  /** Number of times that the step was undone and ran again: part of its idempotency key from 1 on. */
  generation: number;
  /** Sequence of the state in which it succeeded: compensations run in reverse order of it. null before. */
  succeededAt: number | null;
  /** The return value of the step, as JSON; null unless it succeeded. */
  result: unknown;
}>;

/** The largest number of attempts of one step that a state lists. */
export const maxRunAttempts = 20;

/** The cause of a failed run. */
export type RunFailure = Readonly<{
  reason: RunFailureReason;
  /** The step that failed or that is unknown; null if there is none. */
  step: string | null;
  /** Text for people: the error, or what to do. */
  message: string;
}>;

/**
 * The whole state of a run, written again at each change: every fact about the run is in its newest record. The newest is
 * that of the highest epoch, and of those the one of the highest sequence, whatever order they arrive in.
 */
export type RunRecorded = Readonly<{
  type: 'RunRecorded.v1';
  runId: RunId;
  /** Worker application that carries the run out. */
  app: string;
  /** Name of the handler in it. */
  handler: string;
  /** Ownership in which it was written: grows with each change of the partition's owner. */
  epoch: number;
  /** Grows by one with each change of the run, from 1. */
  sequence: number;
  status: RunStatus;
  event: RunEvent;
  startedAtMs: number;
  /** Time of this change. */
  recordedAtMs: number;
  /** null until it has ended. */
  endedAtMs: number | null;
  /** Time before which nothing happens; null unless it is `waiting`. */
  waitingUntilMs: number | null;
  /** Number of times that the failed run was retried. */
  retries: number;
  /** In the order in which they began. */
  steps: readonly RunStep[];
  /** Set when a step has failed for good, even while compensations still run. */
  failure: RunFailure | null;
  /** Time of the last retry; absent before. */
  retriedAtMs?: number;
  /**
   * Steps whose attempt was begun by workers that took the run over and recorded no end of it, with the number of those
   * workers; absent if there are none.
   */
  begun?: readonly Readonly<{ step: string; count: number }>[];
  /** The key that cancelled it, and its reason; null unless it is `cancelled`. */
  cancelled: Readonly<{ by: string; reason: string | null }> | null;
}>;

const attempt = exactly(
  {
    attempt: { type: 'integer', minimum: 1 },
    startedAtMs: shape.epochMs,
    durationMs: shape.count,
    outcome: { enum: runAttemptOutcomes },
    error: shape.nullableText,
  },
  { traceparent: shape.text },
);

const step = exactly({
  name: shape.text,
  kind: { enum: ['step', 'compensation'] },
  status: { enum: ['waiting', 'succeeded', 'failed', 'undone'] },
  attemptCount: shape.count,
  attempts: { type: 'array', items: attempt, maxItems: maxRunAttempts },
  retryAtMs: shape.nullableEpochMs,
  generation: shape.count,
  succeededAt: { type: ['integer', 'null'], minimum: 1 },
  result: true,
});

const event = exactly(
  {
    id: shape.eventId,
    type: shape.text,
    workspaceId: shape.workspaceId,
    consumerId: shape.nullableText,
    source: shape.text,
    time: shape.text,
    acceptedAtMs: shape.epochMs,
    orderingKey: shape.nullableText,
    traceparent: shape.nullableText,
    partition: shape.count,
    offset: { type: 'string', pattern: '^[0-9]+$' },
  },
  { large: exactly(largeDataProperties) },
);

const checkRun = compileSchema<RunRecorded>(
  'RunRecorded.v1',
  exactly(
    {
      type: { const: 'RunRecorded.v1' },
      runId: shape.runId,
      app: shape.appName,
      handler: shape.text,
      epoch: { type: 'integer', minimum: 1 },
      sequence: { type: 'integer', minimum: 1 },
      status: { enum: runStatuses },
      event,
      startedAtMs: shape.epochMs,
      recordedAtMs: shape.epochMs,
      endedAtMs: shape.nullableEpochMs,
      waitingUntilMs: shape.nullableEpochMs,
      retries: shape.count,
      steps: { type: 'array', items: step },
      failure: {
        oneOf: [
          { type: 'null' },
          exactly({
            reason: { enum: runFailureReasons },
            step: shape.nullableText,
            message: { type: 'string' },
          }),
        ],
      },
      cancelled: { oneOf: [{ type: 'null' }, exactly({ by: shape.text, reason: shape.nullableText })] },
    },
    {
      retriedAtMs: shape.epochMs,
      begun: {
        type: 'array',
        minItems: 1,
        items: exactly({ step: shape.text, count: { type: 'integer', minimum: 1 } }),
      },
    },
  ),
);

const header = 'tidings-run';
const empty = Buffer.alloc(0);

/** Encodes a state for `tidings.runs`. The key is the run id; the data of the event are not in it. */
export const encodeRun = (run: RunRecorded): WireRecord => ({
  key: run.runId,
  headers: { [header]: JSON.stringify(run) },
  value: empty,
});

/** Decodes a record of `tidings.runs`. Throws DecodeError. */
export const decodeRun = (record: WireRecord): RunRecorded => {
  const text = record.headers[header];
  if (text === undefined) throw new DecodeError('not a valid RunRecorded.v1', `header ${header} is missing`);
  return checkRun(parseJson('RunRecorded.v1', text));
};

/** Returns true if `a` is newer than `b`, both states of one run. */
export const isNewerRun = (
  a: Pick<RunRecorded, 'epoch' | 'sequence'>,
  b: Pick<RunRecorded, 'epoch' | 'sequence'>,
): boolean => a.epoch > b.epoch || (a.epoch === b.epoch && a.sequence > b.sequence);
