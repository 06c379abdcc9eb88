import type { RunFailure, RunRecorded, RunStep } from '@tidings/contracts';
import { evaluate, type ReadyStep } from './evaluate.ts';
import { type Plan, type PlanStep, visitAllSteps, visitFailureNodes, visitSteps } from './plan.ts';
import { applyFact, type RunFact } from './run-fact.ts';

/** The next action for a run. */
export type Decision =
  /** Attempt these steps, unless an attempt is under way. */
  | Readonly<{ kind: 'attempt'; ready: readonly ReadyStep[]; nextAtMs: number | null }>
  | Readonly<{ kind: 'wait'; untilMs: number }>
  /** The state names a step that waits and that the plan does not have. */
  | Readonly<{ kind: 'unknown-step'; step: string }>
  | Readonly<{ kind: 'ended' }>;

/** Returns true for a run that only a retry continues. */
export const hasRunEnded = ({ status }: Pick<RunRecorded, 'status'>): boolean =>
  status === 'completed' || status === 'failed' || status === 'cancelled';

/** Returns the steps of a run by name. */
export const stepsByName = (steps: readonly RunStep[]): ReadonlyMap<string, RunStep> =>
  new Map(steps.map((step) => [step.name, step]));

const unknownStep = (plan: Plan, steps: readonly RunStep[]): string | null => {
  const waiting = steps.filter(({ status }) => status === 'waiting');
  if (waiting.length === 0) return null;
  const names = new Set<string>();
  visitAllSteps(plan, ({ name }) => names.add(name));
  return waiting.find(({ name }) => !names.has(name))?.name ?? null;
};

/** A run, and the input of the first step: the data of its event. */
export type Progress = Readonly<{ run: RunRecorded; input: unknown }>;

/** Decides what follows from the state of a run. */
export const decide = (plan: Plan, { run, input }: Progress, nowMs: number): Decision => {
  if (hasRunEnded(run)) return { kind: 'ended' };
  const unknown = unknownStep(plan, run.steps);
  if (unknown !== null) return { kind: 'unknown-step', step: unknown };
  const evaluation = evaluate(plan, input, { steps: stepsByName(run.steps), nowMs });
  if (evaluation.kind !== 'pending') return { kind: 'ended' };
  const { ready, waitingUntilMs } = evaluation;
  if (ready.length === 0 && waitingUntilMs !== null) return { kind: 'wait', untilMs: waitingUntilMs };
  return { kind: 'attempt', ready, nextAtMs: waitingUntilMs };
};

/** Sets the fields of a state that follow from its steps: status, failure and times. */
const settle = (plan: Plan, run: RunRecorded, nowMs: number): RunRecorded => {
  if (hasRunEnded(run)) return run;
  // The input of steps does not matter here.
  const evaluation = evaluate(plan, null, { steps: stepsByName(run.steps), nowMs });
  switch (evaluation.kind) {
    case 'succeeded':
      return { ...run, status: 'completed', endedAtMs: nowMs, waitingUntilMs: null, failure: null };
    case 'failed':
      return {
        ...run,
        status: 'failed',
        endedAtMs: nowMs,
        waitingUntilMs: null,
        failure: evaluation.failure,
      };
    case 'pending': {
      const { ready, waitingUntilMs, failure } = evaluation;
      const waits = ready.length === 0 && waitingUntilMs !== null;
      return {
        ...run,
        status: waits ? 'waiting' : 'running',
        waitingUntilMs: waits ? waitingUntilMs : null,
        failure,
      };
    }
    default:
      return evaluation satisfies never;
  }
};

/** A fact, and its time. */
export type Change = Readonly<{ fact: RunFact; atMs: number }>;

/** Returns the state of a run after a fact. */
export const advance = (plan: Plan, run: RunRecorded, { fact, atMs }: Change): RunRecorded =>
  settle(plan, applyFact(run, fact, atMs), atMs);

/** Returns the state of a run that has nothing left to do under this plan: its code has changed. */
export const conclude = (plan: Plan, run: RunRecorded, nowMs: number): RunRecorded =>
  settle(plan, { ...run, sequence: run.sequence + 1, recordedAtMs: nowMs }, nowMs);

/** Returns the fact that a failed run is retried: compensated steps and those of `onFailure` run again when it is their turn. */
export const retryOf = (plan: Plan, { steps }: Pick<RunRecorded, 'steps'>): RunFact => {
  const known = stepsByName(steps);
  const undone = new Set<string>();
  const undo = ({ name, compensation }: PlanStep): void => {
    if (compensation !== null && known.get(compensation.name)?.status === 'succeeded') undone.add(name);
  };
  visitSteps(plan, undo);
  visitFailureNodes(plan, (node) => visitSteps(node, ({ name }) => undone.add(name)));
  return { type: 'RunRetried', undone: [...undone] };
};

/** Returns the failure of a run whose worker lacks what it needs. */
export const lacking = (what: 'handler' | 'step', name: string): RunFailure => ({
  reason: what === 'handler' ? 'unknown-handler' : 'unknown-step',
  step: what === 'step' ? name : null,
  message: `the worker has no ${what} '${name}' any more: deploy one that has it, then retry the run`,
});

/** Returns the time of the next attempt of a step after its nth one failed; null if that was the last. */
export const retryTime = (
  { tries, backoff }: Pick<PlanStep, 'tries' | 'backoff'>,
  { attempt, nowMs }: Readonly<{ attempt: number; nowMs: number }>,
): number | null => {
  if (attempt >= tries) return null;
  const seconds = backoff[Math.min(attempt, backoff.length) - 1] ?? 0;
  return Math.ceil(nowMs + seconds * 1_000);
};
