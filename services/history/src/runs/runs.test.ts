import {
  appTopics,
  decodeDeadLetterFact,
  decodeRunCommand,
  encodeErasure,
  encodeRun,
  type RunRecorded,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { acmeKey, newBacking, startHere, stopAll } from '../../test/in-memory-history.ts';
import { aFailedStep, aFailure, aRun, aStep } from '../../test/runs/run-builders.ts';

afterEach(stopAll);

const path = '/v1/webhooks/runs';

const start = async () => {
  const backing = newBacking();
  const service = await startHere(backing);
  const record = async (...runs: readonly RunRecorded[]) => {
    for (const run of runs) await service.publish({ topic: topics.runs, ...encodeRun(run) });
    await eventually(async () => {
      const versions = await backing.runs.versions(runs.map(({ runId }) => runId));
      for (const { runId, epoch, sequence } of runs)
        expect([versions.get(runId)?.epoch, versions.get(runId)?.sequence]).toEqual([epoch, sequence]);
    });
  };
  const read = async (below = '') => (await service.callAt(`${path}${below}`, 'GET')).body;
  const failures = () =>
    service.bus
      .records(topics.events)
      .filter(({ headers }) => headers['ce_type'] === 'tidings.run.failed')
      .map(({ headers, value }) => ({
        id: headers['ce_id'],
        data: JSON.parse(value?.toString() ?? '') as object,
      }));
  return { ...service, backing, record, read, failures };
};

const failedRun = (over: Partial<RunRecorded> = {}): RunRecorded =>
  aRun({
    ...{ status: 'failed', endedAtMs: Date.now(), steps: [aStep(), aFailedStep()], failure: aFailure },
    ...over,
  });

describe('runs', () => {
  it('are listed newest first, page by page, and shown with their steps', async () => {
    const { record, read } = await start();
    const startedAtMs = Date.now() - 60_000;
    const waiting = aRun({ startedAtMs, status: 'waiting', waitingUntilMs: startedAtMs + 90_000 });
    const failed = failedRun({ startedAtMs: startedAtMs + 1 });
    await record(waiting, failed);
    const first = await read('?limit=1');
    expect(first).toMatchObject({ data: [{ id: failed.runId, status: 'failed', failure: aFailure }] });
    expect(await read(`?limit=1&cursor=${String(first['next_cursor'])}`)).toMatchObject({
      data: [{ id: waiting.runId, waiting_until: new Date(startedAtMs + 90_000).toISOString() }],
      next_cursor: null,
    });
    expect(await read('?status=failed&app=shop&handler=order.paid')).toMatchObject({ data: [{}] });
    expect(await read('?reason=step-failed&step=make-invoice')).toMatchObject({
      data: [{ id: failed.runId }],
    });
    expect(await read('?step=mark-paid')).toMatchObject({ data: [] });
    expect(await read('?ordering_key=alice')).toMatchObject({ data: [{}, {}] });
    expect(await read('?ordering_key=bob')).toMatchObject({ data: [] });
    expect(await read(`?event_id=${waiting.event.id}`)).toMatchObject({ data: [{ id: waiting.runId }] });
    expect(await read(`/${failed.runId}`)).toMatchObject({
      step_counts: { waiting: 0, succeeded: 1, failed: 1, undone: 0 },
      steps: [
        { name: 'mark-paid', status: 'succeeded', result: { paid_by: 'alice' } },
        { name: 'make-invoice', attempts: [{ outcome: 'failed', error: 'no account: alice' }] },
      ],
    });
  });

  it('are refused to consumers and for what is unknown, and hidden from other workspaces', async () => {
    const { record, callAt } = await start();
    const foreign = aRun({}, workspaceId('ws_other'));
    await record(foreign);
    const statusOf = async (below: string, method = 'GET', key?: string) =>
      (await callAt(`${path}${below}`, method, key === undefined ? {} : { key })).status;
    expect(await statusOf('')).toBe(200);
    for (const [below, method] of [
      ['', 'GET'],
      [`/${foreign.runId}`, 'GET'],
      [`/${foreign.runId}/retry`, 'POST'],
      [`/${foreign.runId}/cancel`, 'POST'],
    ] as const) {
      expect(await statusOf(below, method, acmeKey)).toBe(below === '' ? 403 : 404);
      if (below !== '') expect(await statusOf(below, method)).toBe(404);
    }
    const own = aRun();
    await record(own);
    for (const [action, method] of [
      ['', 'GET'],
      ['/retry', 'POST'],
      ['/cancel', 'POST'],
    ] as const)
      expect(await statusOf(`/${own.runId}${action}`, method, acmeKey)).toBe(404);
    for (const query of [
      '?status=lost',
      '?event_id=1',
      '?cursor=x',
      '?who=me',
      '?app=',
      '?reason=no',
      '?step=',
    ])
      expect(await statusOf(query)).toBe(400);
    expect(await statusOf('/run_1')).toBe(404);
  });

  it('become a dead letter when a record is no run, and the next is read', async () => {
    const { record, publish, bus } = await start();
    await publish({ topic: topics.runs, key: 'run_1', value: Buffer.from('{}') });
    await record(aRun());
    await eventually(() => expect(bus.records(topics.deadLetters).map(decodeDeadLetterFact)).toHaveLength(1));
  });
});

describe('a failed run', () => {
  it('raises one operational event each time that it fails, without its errors', async () => {
    const { record, failures, backing } = await start();
    const failed = failedRun();
    await record(failed);
    await record({ ...failed, sequence: 2, recordedAtMs: failed.recordedAtMs + 1, retries: 1 });
    expect(failures()).toMatchObject([
      {
        data: {
          ...{ run_id: failed.runId, app: 'shop', handler: 'order.paid', event_id: failed.event.id },
          ...{ reason: 'step-failed', step: 'make-invoice', retries: 0 },
        },
      },
      { data: { retries: 1 } },
    ]);
    expect(new Set(failures().map(({ id }) => id)).size).toBe(2);
    expect(JSON.stringify(failures())).not.toContain('alice');
    // Read again from the beginning, as after a crash before a commit: what is stored is not told again.
    await stopAll();
    const again = await startHere(backing, { HISTORY_GROUP: 'tidings-history-2' });
    const other = failedRun({ app: 'billing' });
    await again.publish({ topic: topics.runs, ...encodeRun(other) });
    await eventually(() => expect(failures()).toHaveLength(3));
  });

  it('is not told again when the next owner of its partition writes it again', async () => {
    const { record, failures } = await start();
    const failed = failedRun();
    await record(failed);
    await record({ ...failed, epoch: 2 });
    await record({ ...failed, epoch: 3, sequence: 9, retries: 1 });
    expect(failures()).toHaveLength(2);
  });

  it('is not told when its event tells of a failed run', async () => {
    const { record, failures } = await start();
    await record(failedRun({ event: { ...aRun().event, type: 'tidings.run.failed' } }), failedRun());
    expect(failures()).toHaveLength(1);
  });

  it('is not retried if it became too large: its results are gone', async () => {
    const { record, callAt } = await start();
    const failed = failedRun({ failure: { reason: 'state-too-large', step: null, message: 'too large' } });
    await record(failed);
    expect((await callAt(`${path}/${failed.runId}/retry`, 'POST')).status).toBe(409);
  });

  it('is retried by an order to its application, in the partition of its event', async () => {
    const { record, callAt, bus } = await start();
    const failed = failedRun({ sequence: 4 });
    await record(failed);
    const reply = await callAt(`${path}/${failed.runId}/retry`, 'POST');
    expect(reply).toMatchObject({ status: 202, body: { id: failed.runId, status: 'failed' } });
    const orders = bus.records(appTopics('shop').commands);
    expect(orders.map(({ partition }) => partition)).toEqual([failed.event.partition]);
    expect(orders.map(decodeRunCommand)).toMatchObject([
      { type: 'RunRetryRequested.v1', runId: failed.runId, sequence: 4, by: 'key_admin' },
    ]);
    expect((await callAt(`${path}/${failed.runId}/cancel`, 'POST')).status).toBe(409);
  });

  it('is not retried while it runs, but cancelled', async () => {
    const { record, callAt, bus } = await start();
    const running = aRun();
    await record(running);
    expect((await callAt(`${path}/${running.runId}/retry`, 'POST')).status).toBe(409);
    const body = { reason: 'ordered twice' };
    expect((await callAt(`${path}/${running.runId}/cancel`, 'POST', { body })).status).toBe(202);
    expect((await callAt(`${path}/${running.runId}/cancel`, 'POST', { body: { why: 1 } })).status).toBe(422);
    expect(bus.records(appTopics('shop').commands).map(decodeRunCommand)).toMatchObject([
      { type: 'RunCancelRequested.v1', runId: running.runId, reason: 'ordered twice', by: 'key_admin' },
    ]);
  });
});

describe('an erasure', () => {
  it('covers runs of the event, stored and later ones', async () => {
    const { record, read, publish, backing } = await start();
    const run = failedRun();
    await record(run);
    await publish({
      topic: topics.erasures,
      ...encodeErasure({
        ...{ type: 'DataErased.v1', erasureId: `job_${'1'.repeat(32)}`, reason: null, requestedBy: 'key_1' },
        ...{ workspaceId: run.event.workspaceId, requestedAtMs: Date.now(), beforeMs: Date.now() + 60_000 },
        scope: { kind: 'event', eventId: run.event.id },
      }),
    });
    await eventually(async () => expect(await read(`/${run.runId}`)).toMatchObject({ erased: true }));
    expect(JSON.stringify([await read(), await read(`/${run.runId}`)])).not.toContain('alice');
    expect(JSON.stringify(backing.runs.all())).toContain('alice');
    await record({ ...run, sequence: 2 });
    expect(JSON.stringify(backing.runs.all())).not.toContain('alice');
  });
});
