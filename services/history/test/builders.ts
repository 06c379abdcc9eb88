import {
  type AttemptOutcome,
  type AttemptRecorded,
  type EventAccepted,
  newEventId,
  type WorkspaceId,
} from '@tidings/contracts';
import { anAttemptRecord, builtAtMs } from '@tidings/testing/messages';

/** A sealing key ring for tests. */
export const testSealingKeys = `test:${Buffer.alloc(32, 7).toString('base64')}`;

/** The erasures of a log without any. */
export const nothingErased = { covers: () => false, ready: async () => {} } as const;

/** Outcomes for tests. */
export const outcomes = {
  delivered: { kind: 'delivered', statusCode: 200, responseExcerpt: 'ok' },
  failed: { kind: 'failed', reason: 'http-status', statusCode: 500, responseExcerpt: 'no' },
  deferred: { kind: 'deferred', reason: 'breaker-open' },
  suppressed: { kind: 'suppressed', reason: 'subscription-deleted' },
  setAside: { kind: 'set-aside', reason: 'disabled' },
} as const satisfies Record<string, AttemptOutcome>;

/** Returns a failed attempt that another one follows. */
export const aFailure = (n: number, attempt: number, over: Partial<AttemptRecorded> = {}): AttemptRecorded =>
  anAttemptRecord(n, {
    attempt,
    atMs: builtAtMs + attempt * 1_000,
    trigger: attempt === 1 ? 'event' : 'retry',
    outcome: outcomes.failed,
    next: { kind: 'retry', atMs: builtAtMs + (attempt + 1) * 1_000 },
    ...over,
  });

/** Returns a new event of a workspace. */
export const anAcceptedEvent = (workspace: WorkspaceId): EventAccepted => ({
  ...{ type: 'EventAccepted.v1', id: newEventId(Date.now()), workspaceId: workspace, consumerId: null },
  ...{ callerId: null, eventType: 'order.paid', source: '/orders', time: '2026-11-22T10:00:00Z' },
  ...{ orderingKey: null, traceparent: null, data: Buffer.from('{"order_id":"ord_7"}') },
});
