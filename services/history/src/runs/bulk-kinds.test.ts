import { type RunRecorded, workspaceId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { describe, expect, it } from 'vitest';
import { aJob } from '../../test/jobs/job-builders.ts';
import { createMemoryRunStore } from '../../test/runs/memory-run-store.ts';
import { aFailure, aRun } from '../../test/runs/run-builders.ts';
import type { BatchResult } from '../jobs/domain/job.ts';
import {
  type BulkRunCheckpoint,
  type BulkRunJob,
  type BulkRunSpec,
  bulkRunKinds,
  firstCheckpoint,
} from './bulk-kinds.ts';
import { storedRunOf } from './domain/run.ts';

const live = new AbortController().signal;
const atMs = 1_790_000_000_000;
const workspace = workspaceId('ws_demo');
const unavailable = new AppError({ code: 'unavailable', message: 'no answer' });

const failedRun = (n: number, over: Partial<RunRecorded> = {}): RunRecorded =>
  aRun({ startedAtMs: atMs + n, status: 'failed', sequence: 3, failure: aFailure, ...over });

/** A job over runs that were stored in another order than that of their events. `refusals`: by application. */
const setUp = async (runs: readonly RunRecorded[], kindName: 'run_retry' | 'run_cancel' = 'run_retry') => {
  const store = createMemoryRunStore();
  await store.put(runs.toReversed().map(storedRunOf));
  const given: object[] = [];
  const refusals = new Map<string, Error>();
  const brokers: { fault: Error | null } = { fault: null };
  const [kind] = bulkRunKinds({
    runs: store,
    command: async ({ runId, app }, order) => {
      given.push({ runId, ...order });
      const refusal = refusals.get(app);
      if (refusal !== undefined) throw refusal;
    },
    pingBrokers: async () => {
      if (brokers.fault !== null) throw brokers.fault;
    },
  }).filter((one) => one.kind === kindName);
  if (kind === undefined) throw new Error('no such kind');
  const statuses = kindName === 'run_retry' ? (['failed'] as const) : (['running', 'waiting'] as const);
  const spec: BulkRunSpec = {
    filters: { workspaceId: workspace, statuses, startedBeforeMs: atMs + 1_000 },
    request: { filter: { app: 'shop' } },
    reason: kindName === 'run_cancel' ? 'closed' : null,
  };
  const job = aJob({ kind: kindName, spec, checkpoint: firstCheckpoint, ratePerSecond: 10 }) as BulkRunJob;
  const batch = async (checkpoint: BulkRunCheckpoint, signal = live) =>
    kind.runBatch({ ...job, checkpoint }, signal);
  const runAll = async () => {
    const results: BatchResult<BulkRunCheckpoint>[] = [];
    do {
      const done = results.reduce((sum, one) => sum + one.done, 0);
      const checkpoint = results.at(-1)?.checkpoint ?? firstCheckpoint;
      results.push(await kind.runBatch({ ...job, checkpoint, done }, live));
    } while (results.at(-1)?.isAtEnd === false);
    return results;
  };
  const record = async (...states: readonly RunRecorded[]) => store.put(states.map(storedRunOf));
  return { given, refusals, brokers, job, batch, runAll, record };
};

const idsOf = (runs: readonly RunRecorded[]) => runs.map(({ runId }) => runId);
const countsOf = (results: readonly BatchResult[], name: string) =>
  results.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0);

describe('a job that retries many runs', () => {
  it('orders each once, oldest first, a fifth of a second’s worth at a time', async () => {
    const runs = [1, 2, 3, 4, 5].map((n) => failedRun(n));
    const { given, job, runAll } = await setUp(runs);
    const results = await runAll();
    expect(given).toEqual(
      idsOf(runs).map((runId) => ({ runId, kind: 'retry', sequence: 3, by: job.requestedBy })),
    );
    expect(results.map(({ done, sent }) => [done, sent])).toEqual([
      [0, 0],
      [2, 2],
      [2, 2],
      [1, 1],
    ]);
    expect(results.at(-1)).toMatchObject({ isAtEnd: true, total: 5 });
  });

  it('leaves alone what is not as it was found, and counts what became too large', async () => {
    const runs = [1, 2, 3, 4].map((n) => failedRun(n));
    const tooLarge = failedRun(5, { failure: { ...aFailure, reason: 'state-too-large', step: null } });
    const other = aRun({ startedAtMs: atMs + 6, status: 'completed' });
    const { given, batch, record } = await setUp([...runs, tooLarge, other]);
    const { checkpoint } = await batch(firstCheckpoint);
    // Somebody has retried the first meanwhile, which has failed again; the second runs.
    const [first, second] = runs as [RunRecorded, RunRecorded];
    await record({ ...first, sequence: 9, retries: 1 }, { ...second, sequence: 4, status: 'running' });
    const skipped = await batch(checkpoint);
    expect(skipped).toMatchObject({ counts: { retried: 0, skipped: 2 }, done: 2, sent: 2 });
    const retried = await batch(skipped.checkpoint);
    expect(retried.counts).toMatchObject({ retried: 2, skipped: 0 });
    expect(await batch(retried.checkpoint)).toMatchObject({ counts: { refused: 1 }, isAtEnd: true });
    expect(given.map((order) => Reflect.get(order, 'runId'))).toEqual(idsOf(runs.slice(2)));
  });

  it('gives no run another order when a crash repeats its batch, though it has failed again', async () => {
    const runs = [1, 2].map((n) => failedRun(n));
    const { given, batch, record } = await setUp(runs);
    const { checkpoint } = await batch(firstCheckpoint);
    await batch(checkpoint);
    const [first] = runs as [RunRecorded];
    // The orders are in the log, the job is not saved; the first of them has been carried out since.
    await record({ ...first, sequence: 8, retries: 1 });
    const again = await batch(checkpoint);
    expect(again).toMatchObject({ counts: { retried: 1, skipped: 1 }, isAtEnd: true });
    expect(given).toHaveLength(3);
    expect(new Set(given.map((order) => JSON.stringify(order))).size).toBe(2);
  });

  it('gives no order once its claim is lost', async () => {
    const { given, batch } = await setUp([failedRun(1)]);
    const { checkpoint } = await batch(firstCheckpoint);
    await expect(batch(checkpoint, AbortSignal.abort())).rejects.toThrow();
    expect(given).toEqual([]);
  });

  it('goes on with the runs of other applications if one is not there, but not without the brokers', async () => {
    const runs = [failedRun(1, { app: 'gone' }), failedRun(2)];
    const { refusals, brokers, batch, runAll } = await setUp(runs);
    refusals.set('gone', unavailable);
    brokers.fault = unavailable;
    const { checkpoint } = await batch(firstCheckpoint);
    await expect(batch(checkpoint)).rejects.toBe(unavailable);
    brokers.fault = null;
    const results = await runAll();
    expect(['retried', 'unavailable'].map((name) => countsOf(results, name))).toEqual([1, 1]);
    const defect = new Error('a defect');
    refusals.set('gone', defect);
    await expect(batch(checkpoint)).rejects.toBe(defect);
  });
});

describe('a job that cancels many runs', () => {
  it('orders those that have not ended, with the reason', async () => {
    const running = aRun({ startedAtMs: atMs + 1 });
    const waiting = aRun({ startedAtMs: atMs + 2, status: 'waiting', waitingUntilMs: atMs + 9 });
    const ended = aRun({ startedAtMs: atMs + 3, status: 'completed' });
    const { given, job, batch, record } = await setUp([running, waiting, ended, failedRun(4)], 'run_cancel');
    const { checkpoint } = await batch(firstCheckpoint);
    await record({ ...waiting, sequence: 2, status: 'completed' });
    expect(await batch(checkpoint)).toMatchObject({ counts: { cancelled: 1, skipped: 1 }, isAtEnd: true });
    expect(given).toEqual([{ runId: running.runId, kind: 'cancel', by: job.requestedBy, reason: 'closed' }]);
  });
});
