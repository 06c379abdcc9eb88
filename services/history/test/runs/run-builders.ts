import { randomUUID } from 'node:crypto';
import {
  deriveRunId,
  newEventId,
  type RunRecorded,
  type RunStep,
  type WorkspaceId,
  workspaceId,
} from '@tidings/contracts';

/** A step that succeeded with a result, or one that failed for good. */
export const aStep = (over: Partial<RunStep> = {}): RunStep => ({
  ...{ name: 'mark-paid', kind: 'step', status: 'succeeded', attemptCount: 1, generation: 0 },
  ...{ retryAtMs: null, succeededAt: 2, result: { paid_by: 'alice' } },
  attempts: [{ attempt: 1, startedAtMs: 1_000, durationMs: 5, outcome: 'succeeded', error: null }],
  ...over,
});

/** The step because of which {@link aFailure} is set. */
export const aFailedStep = (): RunStep =>
  aStep({
    ...{ name: 'make-invoice', status: 'failed', succeededAt: null, result: null },
    attempts: [
      { attempt: 1, startedAtMs: 1_005, durationMs: 9, outcome: 'failed', error: 'no account: alice' },
    ],
  });

/** The failure of a run whose step is {@link aFailedStep}. */
export const aFailure = {
  reason: 'step-failed',
  step: 'make-invoice',
  message: 'no account: alice',
} as const;

/** Returns the first state of a new run. */
export const aRun = (
  over: Partial<Omit<RunRecorded, 'event'>> & Readonly<{ event?: Partial<RunRecorded['event']> }> = {},
  workspace: WorkspaceId = workspaceId('ws_demo'),
): RunRecorded => {
  const { event, ...rest } = over;
  const startedAtMs = over.startedAtMs ?? Date.now();
  const [app, handler] = [over.app ?? 'shop', over.handler ?? 'order.paid'];
  const eventId = event?.id ?? newEventId(startedAtMs);
  return {
    ...{ type: 'RunRecorded.v1', runId: deriveRunId({ app, handler, eventId }), app, handler, epoch: 1 },
    ...{ sequence: 1, status: 'running', startedAtMs, recordedAtMs: startedAtMs, endedAtMs: null },
    ...{ waitingUntilMs: null, retries: 0, steps: [], failure: null, cancelled: null },
    ...rest,
    event: {
      ...{ id: eventId, type: 'order.paid', workspaceId: workspace, consumerId: null, source: '/orders' },
      ...{ time: '2026-11-30T12:00:00Z', acceptedAtMs: startedAtMs, orderingKey: 'alice' },
      ...{ traceparent: null, partition: 7, offset: '42', ...event },
    },
  };
};

/** Returns a workspace of its own, so that several tests can share one store. */
export const aWorkspace = (): WorkspaceId => workspaceId(`ws_${randomUUID()}`);
