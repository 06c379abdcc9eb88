import type { RunStep } from '@tidings/contracts';
import { traceFields } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import { stepsByName } from '../domain/decide.ts';
import type { ReadyStep } from '../domain/evaluate.ts';
import type { RunFact } from '../domain/run-fact.ts';
import type { Handler } from '../handlers/handler.ts';
import type { StartingEvent, StepContext, StepLog } from '../handlers/step.ts';
import type { RunEntry } from '../runs/run-entry.ts';
import type { WorkerParts } from '../worker/worker-parts.ts';
import { type AttemptEnd, attemptStep } from './attempt-step.ts';
import { traceAttempt } from './trace-attempt.ts';

/** A step of a run whose turn it is. */
export type Turn = Readonly<{
  entry: RunEntry;
  handler: Handler;
  ready: ReadyStep;
  /** Data of the event. */
  input: unknown;
  controller: AbortController;
}>;

const compensateSuffix = ':compensate';

/** Returns the step that a compensation undoes, or the step itself. */
const baseOf = (name: string): string =>
  name.endsWith(compensateSuffix) ? name.slice(0, -compensateSuffix.length) : name;

/** Returns the key under which every attempt of a step is made, until the step is undone. */
const idempotencyKeyOf = (runId: string, name: string, steps: ReadonlyMap<string, RunStep>): string => {
  const generation = steps.get(baseOf(name))?.generation ?? 0;
  return generation === 0 ? `${runId}/${name}` : `${runId}/${name}/${generation}`;
};

const contextOf = (turn: Turn, attempt: number, log: StepLog): StepContext => {
  const { entry, ready, input, controller } = turn;
  const { event, runId, steps } = entry.run;
  const known = stepsByName(steps);
  const { partition: _partition, offset: _offset, traceparent: _traceparent, ...shown } = event;
  const starting: StartingEvent = { ...shown, data: input };
  const results: Record<string, unknown> = {};
  for (const { name, status, result } of steps) if (status === 'succeeded') results[name] = result;
  return {
    event: starting,
    runId,
    attempt,
    idempotencyKey: idempotencyKeyOf(runId, ready.step.name, known),
    signal: controller.signal,
    results,
    log,
  };
};

/** Returns the kind of a step of this name. */
export const kindOf = (name: string): RunStep['kind'] =>
  name.endsWith(compensateSuffix) ? 'compensation' : 'step';

const factOf = (name: string, end: AttemptEnd, traceparent: string | undefined): RunFact => {
  const attempt = { ...end.attempt, ...(traceparent !== undefined && { traceparent }) };
  const common = { step: name, kind: kindOf(name), attempt } as const;
  return end.kind === 'succeeded'
    ? { type: 'StepSucceeded', ...common, result: end.result }
    : { type: 'StepFailed', ...common, retryAtMs: end.retryAtMs };
};

/** Attempts a step of a run, and returns what has happened. Never rejects. */
export async function attemptReady(turn: Turn, parts: WorkerParts): Promise<RunFact> {
  const { entry, handler, ready, controller } = turn;
  const { name } = ready.step;
  const step = handler.steps.get(name);
  if (step === undefined)
    throw new AppError({ code: 'internal', message: `handler '${handler.name}' has no step '${name}'` });
  const attempt = (stepsByName(entry.run.steps).get(name)?.attemptCount ?? 0) + 1;
  const { runId } = entry;
  const { event, steps } = entry.run;
  const traced = traceAttempt({
    ...{ app: parts.app, handler: handler.name, runId, event, step: name, attempt },
    ...{ known: stepsByName(steps).get(name), nowMs: parts.clock.nowMs() },
  });
  const fields = traceFields(traced.traceparent ?? event.traceparent);
  const log = parts.logger.child({ runId, handler: handler.name, step: name, attempt, ...fields });
  const labels = { handler: handler.name };
  parts.metrics.queueDelay.observe(labels, (parts.clock.monotonicMs() - entry.readySinceMs) / 1_000);
  const context = contextOf(turn, attempt, log);
  const end = await traced.run(async () =>
    attemptStep({ step, input: ready.input, context, controller, clock: parts.clock }),
  );
  traced.end(end);
  const { outcome, durationMs, error } = end.attempt;
  parts.metrics.attempts.inc({ ...labels, step: name, outcome });
  parts.metrics.duration.observe(labels, durationMs / 1_000);
  if (end.kind === 'failed')
    log.warn({ outcome, durationMs, error, retryAtMs: end.retryAtMs }, 'step.attempted');
  else log.info({ outcome, durationMs }, 'step.attempted');
  return factOf(name, end, traced.traceparent);
}
