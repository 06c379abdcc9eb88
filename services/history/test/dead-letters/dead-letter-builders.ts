import { randomUUID } from 'node:crypto';
import {
  type AttemptSummary,
  type DeadLetterReason,
  type DeliveryDeadLettered,
  type DeliveryState,
  newEventId,
  newSubscriptionId,
  type RecordOrigin,
  type RecordPoisoned,
  workspaceId,
} from '@tidings/contracts';
import { aDeliveryState, builtAtMs } from '@tidings/testing/messages';
import type { DeadLetter, Recorded, TopicPosition } from '../../src/dead-letters/domain/dead-letter.ts';
import { contentOf, deadLetterOf } from '../../src/dead-letters/domain/dead-letter.ts';
import type { DeadLetterScope } from '../../src/dead-letters/domain/dead-letter-filters.ts';
import type { DeadLetterJob } from '../../src/dead-letters/domain/dead-letter-job.ts';
import { aJob } from '../jobs/job-builders.ts';

const baseMs = builtAtMs;

/** Returns a failed attempt in the format of a command. */
const aSummary = (n: number): AttemptSummary => ({
  atMs: baseMs + n * 1_000,
  statusCode: 500,
  reason: 'http-status',
  durationMs: 7,
});

/** Returns a command of event `n` after two failed attempts. */
export const aCommandState = (n = 1, over: Partial<DeliveryState> = {}): DeliveryState =>
  aDeliveryState(n, {
    attempt: 2,
    position: 1,
    trigger: 'retry',
    firstAttemptAtMs: baseMs + 1_000,
    attempts: [aSummary(1), aSummary(2)],
    ...over,
  });

/** Returns a dead letter of a delivery. */
export const aDeadLetter = (
  state: DeliveryState,
  reason: DeliveryDeadLettered['reason'] = 'exhausted',
  recordedAtMs: number = baseMs + 5_000,
): DeliveryDeadLettered => ({ type: 'DeliveryDeadLettered.v1', reason, recordedAtMs, state });

/** Returns a record of the events topic that cannot be decoded. */
export const aPoison = (
  origin: Partial<RecordOrigin> = {},
  reason: Extract<DeadLetterReason, 'undecodable' | 'idempotency-conflict'> = 'undecodable',
): RecordPoisoned => ({
  type: 'RecordPoisoned.v1',
  reason,
  detail: 'ce_type is missing',
  recordedAtMs: baseMs + 6_000,
  group: 'tidings-fanout',
  origin: {
    topic: 'tidings.events',
    partition: 3,
    offset: '17',
    timestampMs: baseMs,
    key: null,
    headers: {},
    ...origin,
  },
  hadValue: true,
});

/** Returns a record of the dead-letters topic as a consumer receives it. */
export const recorded = (
  deadLetter: Recorded['deadLetter'],
  position: TopicPosition,
  value: Buffer = Buffer.from('{"n":1}'),
): Recorded => ({
  deadLetter,
  value,
  traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  position,
});

/** Returns the input of a store. */
export const toStore = (
  record: Recorded,
): Readonly<{ deadLetter: DeadLetter; content: ReturnType<typeof contentOf> }> => ({
  deadLetter: deadLetterOf(record, () => undefined),
  content: contentOf(record),
});

/** Returns a new workspace, so that several tests can share one store, with offsets beyond those of all others. */
export const aDeadLetterSpace = () => {
  const workspace = workspaceId(`ws_${randomUUID()}`);
  const scope: DeadLetterScope = { workspaceId: workspace, ownerId: null, poison: 'none' };
  const subscription = newSubscriptionId(Date.now());
  let offset = 0;
  const deadLetter = (
    over: Partial<DeliveryState> = {},
    rest: Partial<
      Readonly<{
        reason: DeliveryDeadLettered['reason'];
        recordedAtMs: number;
        partition: number;
        body: Buffer;
      }>
    > = {},
  ) => {
    offset += 1;
    const state = aCommandState(1, {
      workspaceId: workspace,
      subscriptionId: subscription,
      eventId: newEventId(Date.now()),
      ...over,
    });
    const position = { partition: rest.partition ?? 0, offset };
    return toStore(recorded(aDeadLetter(state, rest.reason, rest.recordedAtMs), position, rest.body));
  };
  return { workspace, scope, subscription, deadLetter };
};

/** Returns a job over dead letters that any run can claim. */
export const aDeadLetterJob = (over: Partial<DeadLetterJob> = {}): DeadLetterJob => {
  const workspace = over.workspaceId ?? workspaceId('ws_demo');
  const filters = { workspaceId: workspace, ownerId: null, poison: 'none', kind: 'delivery' } as const;
  const spec = { filters, reason: null };
  return aJob({ checkpoint: [{ partition: 0, next: 0, end: 1_000 }], spec, ...over }) as DeadLetterJob;
};
