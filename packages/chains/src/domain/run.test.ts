import { deriveEventId, type RunRecorded, workspaceId } from '@tidings/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, decide, hasRunEnded, retryOf, retryTime } from './decide.ts';
import { newRun } from './new-run.ts';
import { type Plan, type PlanStep, visitAllSteps } from './plan.ts';
import type { RunFact } from './run-fact.ts';

const started = (): RunRecorded =>
  newRun({
    app: 'shop',
    handler: 'order.paid',
    epoch: 1,
    nowMs: 1_000,
    event: {
      id: deriveEventId({ workspaceId: 'ws', source: '/', callerId: '1' }),
      type: 'order.paid',
      workspaceId: workspaceId('ws'),
      consumerId: null,
      source: '/',
      time: '2026-01-01T00:00:00Z',
      acceptedAtMs: 900,
      orderingKey: null,
      traceparent: null,
      partition: 0,
      offset: '0',
    },
  });

/** A plan whose steps have no names yet. */
const shapes = fc.letrec<{ node: Plan }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({
      kind: fc.constant('step' as const),
      name: fc.constant(''),
      tries: fc.integer({ min: 1, max: 3 }),
      backoff: fc.constant([5]),
      compensation: fc.option(
        fc.constant({ kind: 'step', name: '', tries: 2, backoff: [1], compensation: null } as PlanStep),
      ),
    }),
    fc.record({
      kind: fc.constant('chain' as const),
      nodes: fc.array(tie('node'), { minLength: 1, maxLength: 3 }),
      onFailure: fc.option(tie('node')),
    }),
    fc.record({
      kind: fc.constant('batch' as const),
      nodes: fc.array(tie('node'), { minLength: 1, maxLength: 3 }),
      allowFailures: fc.boolean(),
    }),
  ),
}));

const named = (plan: Plan, count: { value: number }): Plan => {
  if (plan.kind === 'step') {
    count.value += 1;
    const name = `s${count.value}`;
    const { compensation } = plan;
    return { ...plan, name, compensation: compensation && { ...compensation, name: `${name}:compensate` } };
  }
  const nodes = plan.nodes.map((node) => named(node, count));
  if (plan.kind === 'batch') return { ...plan, nodes };
  return { ...plan, nodes, onFailure: plan.onFailure && named(plan.onFailure, count) };
};

const plans = shapes.node.map((plan) => named(plan, { value: 0 }));

/** Outcomes and choices of a course; repeated when it is longer. */
const dice = fc.array(fc.nat({ max: 99 }), { minLength: 1, maxLength: 40 });

type Course = Readonly<{ run: RunRecorded; attempts: readonly string[] }>;

/** Carries a run out to its end: one of the ready steps at a time, which fails or succeeds as the dice say. */
const carryOut = (plan: Plan, rolls: readonly number[], from = started()): Course => {
  let run = from;
  let nowMs = 2_000;
  const attempts: string[] = [];
  for (let turn = 0; turn < 2_000 && !hasRunEnded(run); turn += 1) {
    const roll = rolls[turn % rolls.length] ?? 0;
    const decision = decide(plan, { run, input: null }, nowMs);
    if (decision.kind === 'wait') {
      expect(decision.untilMs).toBeGreaterThan(nowMs);
      nowMs = decision.untilMs;
      continue;
    }
    if (decision.kind !== 'attempt') throw new Error(`a running run with the decision ${decision.kind}`);
    const chosen = decision.ready[roll % decision.ready.length];
    if (chosen === undefined) throw new Error('nothing to attempt');
    const { step } = chosen;
    const known = run.steps.find(({ name }) => name === step.name);
    expect(known?.status, `${step.name} is ready`).not.toBe('succeeded');
    expect(known?.status).not.toBe('failed');
    const attempt = (known?.attemptCount ?? 0) + 1;
    expect(attempt).toBeLessThanOrEqual(step.tries);
    attempts.push(step.name);
    nowMs += 1;
    const isSuccess = roll < 60;
    const kind = step.name.endsWith(':compensate') ? 'compensation' : 'step';
    const summary = { attempt, startedAtMs: nowMs, durationMs: 0, error: isSuccess ? null : 'no' };
    const fact: RunFact = isSuccess
      ? {
          type: 'StepSucceeded',
          step: step.name,
          kind,
          attempt: { ...summary, outcome: 'succeeded' },
          result: turn,
        }
      : {
          type: 'StepFailed',
          step: step.name,
          kind,
          attempt: { ...summary, outcome: 'failed' },
          retryAtMs: retryTime(step, { attempt, nowMs }),
        };
    const before = run;
    run = advance(plan, run, { fact, atMs: nowMs });
    expect(run.sequence).toBe(before.sequence + 1);
  }
  return { run, attempts };
};

describe('a run of any plan, whatever its steps do', () => {
  it('ends, attempts no step that has ended, and each at most as often as it may', () => {
    fc.assert(
      fc.property(plans, dice, (plan, rolls) => {
        const { run } = carryOut(plan, rolls);
        expect(hasRunEnded(run)).toBe(true);
        expect(run.waitingUntilMs).toBeNull();
        expect(run.failure === null).toBe(run.status === 'completed');
      }),
    );
  });

  it('goes on after any of its states as if nothing had been in between: the state has every fact', () => {
    fc.assert(
      fc.property(plans, dice, (plan, rolls) => {
        const { run, attempts } = carryOut(plan, rolls);
        const read = JSON.parse(JSON.stringify(run)) as RunRecorded;
        expect(read).toEqual(run);
        expect(decide(plan, { run: read, input: null }, 0)).toEqual({ kind: 'ended' });
        expect(attempts.length).toBe(run.steps.reduce((sum, { attemptCount }) => sum + attemptCount, 0));
      }),
    );
  });

  it('compensates a step only after its success, and once', () => {
    fc.assert(
      fc.property(plans, dice, (plan, rolls) => {
        const { run } = carryOut(plan, rolls);
        for (const { name, kind, status } of run.steps) {
          if (kind !== 'compensation') continue;
          expect(['succeeded', 'failed']).toContain(status);
          const base = run.steps.find((step) => step.name === name.replace(':compensate', ''));
          expect(base?.status).toBe('succeeded');
        }
      }),
    );
  });

  it('completes after a retry in which everything succeeds, without a step that had succeeded and was not undone', () => {
    fc.assert(
      fc.property(plans, dice, (plan, rolls) => {
        const failed = carryOut(plan, rolls).run;
        fc.pre(failed.status === 'failed');
        const retried = advance(plan, failed, { fact: retryOf(plan, failed), atMs: 9_000_000 });
        expect(retried.status).toBe('running');
        const done = new Set(
          retried.steps.filter(({ status }) => status === 'succeeded').map(({ name }) => name),
        );
        const { run, attempts } = carryOut(plan, [0], { ...retried });
        expect(run).toMatchObject({ status: 'completed', retries: 1, failure: null });
        expect(attempts.filter((name) => done.has(name))).toEqual([]);
      }),
    );
  });

  it('names an unknown step that waits', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const atMs = 1;
        const attempt = { attempt: 1, startedAtMs: 1, durationMs: 0, outcome: 'failed', error: 'x' } as const;
        const fact = { type: 'StepFailed', step: 'gone', kind: 'step', attempt, retryAtMs: 5 } as const;
        const run = advance(plan, started(), { fact, atMs });
        const names: string[] = [];
        visitAllSteps(plan, ({ name }) => names.push(name));
        expect(names).not.toContain('gone');
        expect(decide(plan, { run, input: null }, 9)).toEqual({ kind: 'unknown-step', step: 'gone' });
      }),
    );
  });
});
