import {
  appTopics,
  decodeRunCommand,
  encodeRun,
  type RunRecorded,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { acmeKey, isDone, newBacking, startHere, stopAll } from '../../test/in-memory-history.ts';
import { aFailure, aRun } from '../../test/runs/run-builders.ts';

afterEach(stopAll);

const path = '/v1/webhooks/runs';

const start = async (...runs: readonly RunRecorded[]) => {
  const backing = newBacking();
  const service = await startHere(backing);
  for (const run of runs) await service.publish({ topic: topics.runs, ...encodeRun(run) });
  await eventually(() => expect(backing.runs.all()).toHaveLength(runs.length));
  const post = async (action: 'retry' | 'cancel', body: object, key?: string) =>
    service.callAt(`${path}/${action}`, 'POST', key === undefined ? { body } : { body, key });
  const orders = () => service.bus.records(appTopics('shop').commands).map(decodeRunCommand);
  return { service, post, orders };
};

const failedRun = (over: Parameters<typeof aRun>[0] = {}): RunRecorded =>
  aRun({ status: 'failed', failure: aFailure, startedAtMs: Date.now() - 1_000, ...over });

describe('a retry of many runs', () => {
  it('orders the failed runs of the filter, and shows the job', async () => {
    const failed = [failedRun(), failedRun({ sequence: 4, event: { partition: 3 } })];
    const foreign = failedRun({ event: { workspaceId: workspaceId('ws_other') } });
    const others = [failedRun({ app: 'billing' }), aRun({ startedAtMs: Date.now() - 1_000 }), foreign];
    const { service, post, orders } = await start(...failed, ...others);
    const filter = { app: 'shop', reason: 'step-failed', step: 'make-invoice' };
    expect(await post('retry', { filter, dry_run: true })).toMatchObject({
      status: 200,
      body: { dry_run: true, count: 2 },
    });
    expect(service.jobs.all()).toEqual([]);
    const { status, body } = await post('retry', { filter, rate_per_second: 1_000 });
    expect([status, body]).toMatchObject([
      202,
      {
        ...{ kind: 'run_retry', request: { filter }, requested_by: 'key_admin', consumer_id: null },
        progress: { total: 2, done: 0 },
      },
    ]);
    expect(await isDone(service, body['id'])).toMatchObject({
      progress: { total: 2, done: 2, counts: { retried: 2, skipped: 0, refused: 0, unavailable: 0 } },
    });
    expect(new Set(orders())).toEqual(
      new Set(
        failed.map(({ runId, sequence }) =>
          expect.objectContaining({ type: 'RunRetryRequested.v1', runId, sequence, by: 'key_admin' }),
        ),
      ),
    );
    const records = service.bus.records(appTopics('shop').commands);
    expect(records.map(({ partition }) => partition).toSorted()).toEqual([3, 7]);
  });

  it('with "all" orders every failed run of the workspace, and no run that began later', async () => {
    const later = failedRun({ startedAtMs: Date.now() + 3_600_000 });
    const { service, post, orders } = await start(failedRun(), failedRun(), later);
    const { body } = await post('retry', { all: true, rate_per_second: 1_000 });
    expect(await isDone(service, body['id'])).toMatchObject({ request: { all: true } });
    expect(orders()).toHaveLength(2);
  });

  it.each([
    [{}, '/filter'],
    [{ filter: {} }, '/filter'],
    [{ filter: { app: 'shop' }, all: true }, '/filter'],
    [{ all: false }, '/all'],
    [{ filter: { status: 'failed' } }, '/filter/status'],
    [{ filter: { reason: 'no' } }, '/filter/reason'],
    [{ all: true, reason: 'why' }, '/reason'],
    [{ all: true, rate_per_second: 1_001 }, '/rate_per_second'],
  ])('refuses %j', async (body, pointer) => {
    const { post } = await start();
    expect(await post('retry', body)).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
  });

  it('is refused to the key of a consumer, as a cancellation is', async () => {
    const { service, post } = await start(failedRun());
    for (const action of ['retry', 'cancel'] as const)
      expect((await post(action, { all: true }, acmeKey)).status).toBe(403);
    expect(service.jobs.all()).toEqual([]);
  });
});

describe('a cancellation of many runs', () => {
  it('orders those that have not ended, with its reason', async () => {
    const startedAtMs = Date.now() - 1_000;
    const running = aRun({ startedAtMs });
    const waiting = aRun({ startedAtMs, status: 'waiting', waitingUntilMs: startedAtMs + 90_000 });
    const { service, post, orders } = await start(running, waiting, failedRun());
    const body = { filter: { ordering_key: 'alice' }, reason: 'closed', rate_per_second: 1_000 };
    const started = await post('cancel', body);
    expect(started.body).toMatchObject({ kind: 'run_cancel', request: { reason: 'closed' } });
    expect(await isDone(service, started.body['id'])).toMatchObject({
      progress: { counts: { cancelled: 2, skipped: 0 } },
    });
    expect(orders()).toMatchObject([{ reason: 'closed' }, { reason: 'closed' }]);
    expect(new Set(orders().map(({ runId }) => runId))).toEqual(new Set([running.runId, waiting.runId]));
    const some = await post('cancel', { filter: { status: 'waiting' }, dry_run: true });
    expect(some.body).toEqual({ dry_run: true, count: 1 });
  });
});
