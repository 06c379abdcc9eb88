import type { RunAttempt, RunStep } from '@tidings/contracts';
import { type StoredRun, stepCountsOf } from '../domain/run.ts';
import type { RunSummary } from '../ports.ts';

const timeOf = (ms: number): string => new Date(ms).toISOString();
const timeOrNull = (ms: number | null): string | null => (ms === null ? null : timeOf(ms));

const failureView = ({ failure, isErased }: Pick<StoredRun, 'failure' | 'isErased'>): object | null =>
  failure === null ? null : { ...failure, message: isErased === true ? null : failure.message };

/** Returns a run as lists show it. */
export const summaryView = (run: RunSummary): object => ({
  id: run.runId,
  app: run.app,
  handler: run.handler,
  status: run.status,
  event_id: run.event.id,
  event_type: run.event.type,
  consumer_id: run.event.consumerId,
  ordering_key: run.event.orderingKey,
  started_at: timeOf(run.startedAtMs),
  changed_at: timeOf(run.recordedAtMs),
  ended_at: timeOrNull(run.endedAtMs),
  waiting_until: timeOrNull(run.waitingUntilMs),
  retries: run.retries,
  step_counts: run.stepCounts,
  failure: failureView(run),
  cancelled: run.cancelled,
  erased: run.isErased === true,
});

const attemptView = ({ attempt, startedAtMs, durationMs, outcome, error }: RunAttempt): object => ({
  attempt,
  started_at: timeOf(startedAtMs),
  duration_ms: durationMs,
  outcome,
  error,
});

const stepView = (step: RunStep): object => ({
  name: step.name,
  kind: step.kind,
  status: step.status,
  attempt_count: step.attemptCount,
  attempts: step.attempts.map(attemptView),
  retry_at: timeOrNull(step.retryAtMs),
  result: step.result,
});

/** Returns a run with its steps, as the route of one run shows it. */
export const runView = (run: StoredRun): object => ({
  ...summaryView({ ...run, stepCounts: stepCountsOf(run) }),
  steps: run.steps.map(stepView),
});
