import type { RunStep } from '@tidings/contracts';
import type { Caller } from '../harness/caller.ts';
import type { LocalStack } from '../harness/tidings.ts';
import { type RunState, recordRuns } from '../harness/worker-runs.ts';

const app = 'shop-worker';
const events = 14;
const minuteMs = 60_000;

const stepOf = (name: string, startedAtMs: number, over: Partial<RunStep> = {}): RunStep => ({
  ...{ name, kind: 'step', status: 'succeeded', attemptCount: 1, generation: 0, retryAtMs: null },
  ...{ succeededAt: 2, result: null },
  attempts: [{ attempt: 1, startedAtMs, durationMs: 84, outcome: 'succeeded', error: null }],
  ...over,
});

const error = 'The invoice service answered 503.';

const failing = (startedAtMs: number, status: 'failed' | 'waiting', retryAtMs: number | null): RunStep =>
  stepOf('make-invoice', startedAtMs, {
    ...{ status, attemptCount: 3, succeededAt: null, retryAtMs },
    attempts: [1, 2, 3].map((attempt) => ({
      ...{ attempt, startedAtMs: startedAtMs + attempt * 30_000, durationMs: 412, error },
      outcome: 'failed',
    })),
  });

/** Returns what became of the run of the nth event: it has failed, waits, or is completed. */
function stateOf(n: number, startedAtMs: number): Partial<RunState> {
  const paid = stepOf('mark-paid', startedAtMs, { result: { payment: `pay_${8_120 + n}`, amount: 39.9 } });
  if (n % 5 === 1) {
    const refund = stepOf('mark-paid:compensate', startedAtMs + 2 * minuteMs, { kind: 'compensation' });
    return {
      ...{
        status: 'failed',
        endedAtMs: startedAtMs + 2 * minuteMs,
        recordedAtMs: startedAtMs + 2 * minuteMs,
      },
      steps: [paid, failing(startedAtMs, 'failed', null), refund],
      failure: { reason: 'step-failed', step: 'make-invoice', message: error },
    };
  }
  if (n % 5 === 3) {
    const waitingUntilMs = Date.now() + 5 * minuteMs;
    return {
      status: 'waiting',
      waitingUntilMs,
      steps: [paid, failing(startedAtMs, 'waiting', waitingUntilMs)],
    };
  }
  const invoice = stepOf('make-invoice', startedAtMs + 120, { result: { invoice: `inv_${2_040 + n}` } });
  const steps = [paid, invoice, stepOf('confirm', startedAtMs + 300)];
  return { status: 'completed', endedAtMs: startedAtMs + 900, recordedAtMs: startedAtMs + 900, steps };
}

/** Records runs of events of a workspace, as a worker application does. Returns the id of one that has failed. */
export async function seedRuns(local: LocalStack, shop: Caller): Promise<string> {
  const found = await shop.list('/webhooks/events?type=order.paid&limit=100', events);
  const states = found.slice(0, events).map(({ id }, n): RunState => {
    const startedAtMs = Date.now() - (n + 3) * minuteMs;
    return {
      ...{ app, handler: 'order.paid', workspace: local.workspace_id },
      ...{ event: { id: String(id), type: 'order.paid' }, startedAtMs, recordedAtMs: startedAtMs },
      ...stateOf(n, startedAtMs),
    };
  });
  const ids = await recordRuns(local, states);
  await shop.list('/webhooks/runs?limit=100', events);
  return ids[1] ?? '';
}
