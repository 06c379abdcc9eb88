import {
  maxRunAttempts,
  type RunAttempt,
  type RunFailure,
  type RunRecorded,
  type RunStep,
} from '@tidings/contracts';

/** Something that has happened to a run. */
export type RunFact =
  | Readonly<{
      type: 'StepSucceeded';
      step: string;
      kind: RunStep['kind'];
      attempt: RunAttempt;
      result: unknown;
    }>
  | Readonly<{
      type: 'StepFailed';
      step: string;
      kind: RunStep['kind'];
      attempt: RunAttempt;
      /** null: it failed for good. */
      retryAtMs: number | null;
    }>
  /** A worker that took the run over begins an attempt that may have been under way before. */
  | Readonly<{ type: 'StepBegun'; step: string }>
  | Readonly<{ type: 'RunFailed'; failure: RunFailure }>
  | Readonly<{ type: 'RunCancelled'; by: string; reason: string | null }>
  | Readonly<{
      type: 'RunRetried';
      /** Steps that run again although they succeeded: those that were compensated, and those of `onFailure`. */
      undone: readonly string[];
    }>;

type StepFact = Extract<RunFact, { type: 'StepSucceeded' | 'StepFailed' }>;

const stepAfter = (known: RunStep | undefined, fact: StepFact, sequence: number): RunStep => {
  const isSuccess = fact.type === 'StepSucceeded';
  const attempts = [...(known?.attempts ?? []), fact.attempt].slice(-maxRunAttempts);
  const retryAtMs = isSuccess ? null : fact.retryAtMs;
  const failed = retryAtMs === null ? 'failed' : 'waiting';
  return {
    name: fact.step,
    kind: fact.kind,
    status: isSuccess ? 'succeeded' : failed,
    attemptCount: fact.attempt.attempt,
    attempts,
    retryAtMs,
    generation: known?.generation ?? 0,
    succeededAt: isSuccess ? sequence : null,
    result: isSuccess ? fact.result : null,
  };
};

const withStep = (steps: readonly RunStep[], changed: RunStep): readonly RunStep[] =>
  steps.some(({ name }) => name === changed.name)
    ? steps.map((step) => (step.name === changed.name ? changed : step))
    : [...steps, changed];

const stepsAfterRetry = (
  steps: readonly RunStep[],
  undone: readonly string[],
  atMs: number,
): readonly RunStep[] =>
  steps
    .filter(({ kind }) => kind !== 'compensation')
    .map((step): RunStep => {
      const fresh = { ...step, attemptCount: 0, result: null, succeededAt: null };
      if (undone.includes(step.name))
        return { ...fresh, status: 'undone', retryAtMs: null, generation: step.generation + 1 };
      return step.status === 'failed' ? { ...fresh, status: 'waiting', retryAtMs: atMs } : step;
    });

/** Returns how many workers have begun the attempt of a step and recorded no end of it. */
export const timesBegun = ({ begun }: Pick<RunRecorded, 'begun'>, step: string): number =>
  begun?.find((one) => one.step === step)?.count ?? 0;

/** Returns a state in which a step was begun `count` times without an end. */
const withBegun = (run: RunRecorded, step: string, count: number): RunRecorded => {
  const { begun = [], ...rest } = run;
  const others = begun.filter((one) => one.step !== step);
  const next = count === 0 ? others : [...others, { step, count }];
  return next.length === 0 ? rest : { ...rest, begun: next };
};

/** Folds a fact into the state of a run. `atMs`: time of the fact. The state of an ended run changes only by a retry. */
export const applyFact = (run: RunRecorded, fact: RunFact, atMs: number): RunRecorded => {
  const sequence = run.sequence + 1;
  const next: RunRecorded = { ...run, sequence, recordedAtMs: atMs };
  switch (fact.type) {
    case 'StepSucceeded':
    case 'StepFailed': {
      const known = run.steps.find(({ name }) => name === fact.step);
      const steps = withStep(run.steps, stepAfter(known, fact, sequence));
      return { ...withBegun(next, fact.step, 0), steps };
    }
    case 'StepBegun':
      return withBegun(next, fact.step, timesBegun(run, fact.step) + 1);
    case 'RunFailed':
      return {
        ...next,
        status: 'failed',
        endedAtMs: atMs,
        waitingUntilMs: null,
        failure: fact.failure,
      };
    case 'RunCancelled': {
      const cancelled = { by: fact.by, reason: fact.reason };
      return { ...next, status: 'cancelled', endedAtMs: atMs, waitingUntilMs: null, cancelled };
    }
    case 'RunRetried':
      return {
        ...next,
        status: 'running',
        endedAtMs: null,
        retries: run.retries + 1,
        retriedAtMs: atMs,
        failure: null,
        steps: stepsAfterRetry(run.steps, fact.undone, atMs),
      };
    default:
      return fact satisfies never;
  }
};
