import type { RunFailure, RunStep } from '@tidings/contracts';
import { type Plan, type PlanBatch, type PlanChain, type PlanStep, visitSteps } from './plan.ts';

/** A step that can be attempted now, and its input. */
export type ReadyStep = Readonly<{ step: PlanStep; input: unknown }>;

/** The standing of a plan: pending, or its end. */
export type Evaluation =
  | Readonly<{
      kind: 'pending';
      /** Steps that can be attempted now: also those of which an attempt is under way. */
      ready: readonly ReadyStep[];
      /** Time of the next attempt of those that wait; null if none waits. */
      waitingUntilMs: number | null;
      /** The failure with which it will end; null if it may still succeed. */
      failure: RunFailure | null;
    }>
  | Readonly<{ kind: 'succeeded'; result: unknown }>
  | Readonly<{ kind: 'failed'; failure: RunFailure }>;

/** The past of a run: its steps of a run by name, and the time. */
export type Happened = Readonly<{ steps: ReadonlyMap<string, RunStep>; nowMs: number }>;

/** The result of one node of a batch that allows failures. */
export type NodeOutcome =
  | Readonly<{ status: 'succeeded'; result: unknown }>
  | Readonly<{ status: 'failed'; step: string | null; error: string }>;

/** The input of `onFailure`: which step failed, and with which error. */
export type ChainFailure = Readonly<{ step: string | null; error: string }>;

const ready = (step: PlanStep, input: unknown): Evaluation => ({
  kind: 'pending',
  ready: [{ step, input }],
  waitingUntilMs: null,
  failure: null,
});

const evaluateStep = (step: PlanStep, input: unknown, { steps, nowMs }: Happened): Evaluation => {
  const known = steps.get(step.name);
  if (known === undefined || known.status === 'undone') return ready(step, input);
  if (known.status === 'succeeded') return { kind: 'succeeded', result: known.result };
  if (known.status === 'failed') {
    const message = known.attempts.at(-1)?.error ?? 'failed';
    return { kind: 'failed', failure: { reason: 'step-failed', step: step.name, message } };
  }
  if (known.retryAtMs === null || known.retryAtMs <= nowMs) return ready(step, input);
  return { kind: 'pending', ready: [], waitingUntilMs: known.retryAtMs, failure: null };
};

/** Returns the steps of a chain to compensate, in reverse order of their success. */
const compensated = (chain: PlanChain, { steps }: Happened): readonly PlanStep[] => {
  const found: { step: PlanStep; succeededAt: number }[] = [];
  for (const node of chain.nodes) {
    visitSteps(node, (step) => {
      const succeededAt = steps.get(step.name)?.succeededAt ?? null;
      if (step.compensation !== null && succeededAt !== null) found.push({ step, succeededAt });
    });
  }
  return found.sort((a, b) => b.succeededAt - a.succeededAt).map(({ step }) => step);
};

/** Evaluates a chain that has failed: compensations one after the other, then `onFailure`. */
const evaluateFailed = (chain: PlanChain, failure: RunFailure, happened: Happened): Evaluation => {
  for (const { name, compensation } of compensated(chain, happened)) {
    if (compensation === null) continue;
    const undoing = evaluateStep(compensation, happened.steps.get(name)?.result ?? null, happened);
    // One that failed for good must not keep the others from being undone.
    if (undoing.kind === 'pending') return { ...undoing, failure };
  }
  if (chain.onFailure !== null) {
    const input: ChainFailure = { step: failure.step, error: failure.message };
    const after = evaluate(chain.onFailure, input, happened);
    if (after.kind === 'pending') return { ...after, failure };
  }
  return { kind: 'failed', failure };
};

const evaluateChain = (chain: PlanChain, input: unknown, happened: Happened): Evaluation => {
  let value = input;
  for (const node of chain.nodes) {
    const evaluation = evaluate(node, value, happened);
    if (evaluation.kind === 'pending') return evaluation;
    if (evaluation.kind === 'failed') return evaluateFailed(chain, evaluation.failure, happened);
    value = evaluation.result;
  }
  return { kind: 'succeeded', result: value };
};

const outcomeOf = (evaluation: Exclude<Evaluation, { kind: 'pending' }>): NodeOutcome =>
  evaluation.kind === 'succeeded'
    ? { status: 'succeeded', result: evaluation.result }
    : { status: 'failed', step: evaluation.failure.step, error: evaluation.failure.message };

const evaluateBatch = (
  { nodes, allowFailures }: PlanBatch,
  input: unknown,
  happened: Happened,
): Evaluation => {
  const evaluations = nodes.map((node) => evaluate(node, input, happened));
  const readySteps: ReadyStep[] = [];
  const ended: Exclude<Evaluation, { kind: 'pending' }>[] = [];
  let waitingUntilMs: number | null = null;
  let failure: RunFailure | null = null;
  for (const evaluation of evaluations) {
    if (evaluation.kind !== 'succeeded') failure ??= evaluation.failure;
    if (evaluation.kind !== 'pending') {
      ended.push(evaluation);
      continue;
    }
    readySteps.push(...evaluation.ready);
    if (evaluation.waitingUntilMs !== null)
      waitingUntilMs = Math.min(waitingUntilMs ?? Infinity, evaluation.waitingUntilMs);
  }
  if (ended.length < nodes.length) {
    return { kind: 'pending', ready: readySteps, waitingUntilMs, failure: allowFailures ? null : failure };
  }
  if (allowFailures) return { kind: 'succeeded', result: ended.map(outcomeOf) };
  if (failure !== null) return { kind: 'failed', failure };
  return {
    kind: 'succeeded',
    result: ended.map((one) => (one.kind === 'succeeded' ? one.result : null)),
  };
};

/** Evaluates a plan: which steps are next, or how it has ended. Pure: the same arguments always give the same result. */
export function evaluate(plan: Plan, input: unknown, happened: Happened): Evaluation {
  if (plan.kind === 'step') return evaluateStep(plan, input, happened);
  return plan.kind === 'chain' ? evaluateChain(plan, input, happened) : evaluateBatch(plan, input, happened);
}
