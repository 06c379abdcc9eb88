import {
  consumerId,
  decodeJobRecord,
  encodeJobRecord,
  type JobProgressed,
  jobPartition,
  topics,
} from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { acmeKey, isDone, startHere, stopAll } from '../../test/in-memory-history.ts';
import { aJob } from '../../test/jobs/job-builders.ts';
import { startJob } from './start-job.ts';

afterEach(stopAll);

type Service = Awaited<ReturnType<typeof startHere>>;

const spec = {
  types: [],
  filter: null,
  target: { kind: 'all' },
  asNew: false,
  holdLive: false,
  ratePerSecond: 5,
};
const aReplay = (over: object = {}) =>
  aJob({ kind: 'replay', spec, checkpoint: {}, ratePerSecond: 5, ...over });

const progressOf = (jobId: string, over: Partial<JobProgressed> = {}): JobProgressed => ({
  type: 'JobProgressed.v1',
  jobId,
  kind: 'replay',
  ...{ state: 'running', revision: 1, startedAtMs: 1_000, checkpoint: { 3: 40 }, counts: { sent: 2 } },
  ...{ total: 8, done: 2, error: null, updatedAtMs: Date.now(), ...over },
});

const report = async (service: Service, progress: JobProgressed) =>
  service.publish({
    topic: topics.jobs,
    partition: jobPartition(progress.jobId),
    ...encodeJobRecord(progress),
  });

const orders = (service: Service, id: string) =>
  service.bus
    .records(topics.jobs)
    .filter(({ key }) => key === `${id}/order`)
    .map((record) => (record.value === null ? null : decodeJobRecord(record)));

describe('the routes of jobs', () => {
  it('show jobs of every kind to the keys that may see them, by kind and state', async () => {
    const service = await startHere();
    const acme = consumerId('acme');
    const mine = aJob({ kind: 'export', ownerId: acme, createdAtMs: 2, state: 'paused', isDue: false });
    const whole = aJob({
      kind: 'erasure',
      spec: { scope: { kind: 'consumer', consumerId: acme }, beforeMs: 3, reason: null },
      createdAtMs: 3,
      state: 'done',
      isDue: false,
      endedAtMs: 4,
      done: 9,
    });
    for (const job of [mine, whole]) await service.jobs.insert(job);
    const list = await service.callJobs('GET', '');
    expect(list.body['data']).toMatchObject([
      {
        ...{ id: whole.id, kind: 'erasure', state: 'done', requested_by: 'key_1', consumer_id: null },
        progress: { total: 9, done: 9, percent: 100, counts: {} },
        ...{ ended_at: '1970-01-01T00:00:00.004Z', eta: null, rate_per_second: 100, error: null },
      },
      { id: mine.id, state: 'paused', progress: { total: null, percent: null }, consumer_id: 'acme' },
    ]);
    const idsOf = ({ body }: { body: Record<string, unknown> }) =>
      (body['data'] as { id: string }[]).map(({ id }) => id);
    expect(idsOf(await service.callJobs('GET', '?state=paused'))).toEqual([mine.id]);
    expect(idsOf(await service.callJobs('GET', '?kind=export&state=done'))).toEqual([]);
    const first = await service.callJobs('GET', '?limit=1');
    const next = `?limit=1&cursor=${String(first.body['next_cursor'])}`;
    expect(idsOf(await service.callJobs('GET', next))).toEqual([mine.id]);
    const path = '/v1/webhooks/jobs';
    expect(idsOf(await service.callAt(path, 'GET', { key: acmeKey }))).toEqual([mine.id]);
    for (const [method, below] of [
      ['GET', ''],
      ['POST', '/pause'],
      ['POST', '/resume'],
      ['POST', '/cancel'],
    ] as const) {
      const { status } = await service.callAt(`${path}/${whole.id}${below}`, method, { key: acmeKey });
      expect(status).toBe(404);
    }
    expect((await service.callJobs('GET', '?kind=other')).status).toBe(400);
  });

  it('pause a redrive, which then keeps its place, and resume it', async () => {
    const service = await startHere();
    await service.subscribe();
    for (let n = 1; n <= 3; n += 1) await service.deadLetter(n);
    await service.stored(3);
    const { body } = await service.call('POST', '/redrive', { all: true, rate_per_second: 1 });
    const below = `/${String(body['id'])}`;
    await eventually(() => expect(service.sent().length).toBeGreaterThan(0));
    const paused = await service.callJobs('POST', `${below}/pause`);
    expect(paused).toMatchObject({ status: 200, body: { state: 'paused', eta: null } });
    await eventually(() => expect(service.jobs.all()).toMatchObject([{ isDue: false }]));
    const sent = service.sent().length;
    const read = await service.callJobs('GET', below);
    expect(read.body).toMatchObject({ state: 'paused', progress: { total: 3, done: sent } });
    const again = await service.callJobs('POST', `${below}/pause`);
    expect(again.body).toMatchObject({ state: 'paused' });
    expect((await service.callJobs('POST', `${below}/resume`)).body).toMatchObject({ state: 'queued' });
    await isDone(service, body['id']);
    expect(service.sent()).toHaveLength(3);
    expect((await service.callJobs('POST', `${below}/pause`)).body).toMatchObject({ state: 'done' });
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toMatch(
      /tidings_history_job_items_total\{[^}]*kind="redrive"[^}]*outcome="redriven"[^}]*\} 3/,
    );
  });
});

describe('a job that another service carries out', () => {
  const start = async () => {
    const service = await startHere();
    const job = aReplay();
    const clock = { nowMs: () => Date.now() } as never;
    await startJob({ jobs: service.jobs, clock, wake: () => {} }, { ...job, total: 8 });
    return { service, job };
  };

  it('is ordered through the topic, and shows the progress of its worker', async () => {
    const { service, job } = await start();
    await eventually(() => expect(orders(service, job.id)).toHaveLength(1));
    expect(orders(service, job.id)).toMatchObject([
      { type: 'JobOrdered.v1', kind: 'replay', spec, desired: 'running', revision: 1, requestedBy: 'key_1' },
    ]);
    await report(service, progressOf(job.id));
    await eventually(async () =>
      expect((await service.callJobs('GET', `/${job.id}`)).body).toMatchObject({
        ...{ state: 'running', started_at: '1970-01-01T00:00:01.000Z' },
        progress: { total: 8, done: 2, percent: 25, counts: { sent: 2 } },
      }),
    );
    await report(service, progressOf(job.id, { state: 'done', done: 8, counts: { sent: 8 } }));
    await eventually(async () =>
      expect((await service.callJobs('GET', `/${job.id}`)).body).toMatchObject({
        state: 'done',
        progress: { percent: 100 },
      }),
    );
    expect(service.jobs.all()[0]?.endedAtMs).not.toBeNull();
  });

  it('stays paused although its worker, which has not seen that yet, reports that it runs', async () => {
    const { service, job } = await start();
    await eventually(() => expect(orders(service, job.id)).toHaveLength(1));
    await service.callJobs('POST', `/${job.id}/pause`);
    await eventually(() => expect(orders(service, job.id)).toHaveLength(2));
    expect(orders(service, job.id)[1]).toMatchObject({ desired: 'paused', revision: 2 });
    await report(service, progressOf(job.id, { done: 5 }));
    await eventually(() => expect(service.jobs.all()).toMatchObject([{ done: 5, state: 'paused' }]));
    await service.callJobs('POST', `/${job.id}/cancel`);
    await eventually(() => expect(orders(service, job.id)).toHaveLength(3));
    await report(service, progressOf(job.id, { done: 5, revision: 3, state: 'cancelled' }));
    await eventually(() =>
      expect(service.jobs.all()).toMatchObject([{ done: 5, state: 'cancelled', isDue: false }]),
    );
  });

  it('is ordered, and its progress read, after a restart', async () => {
    const { service, job } = await start();
    await eventually(() => expect(orders(service, job.id)).toHaveLength(1));
    await service.stop();
    await report(service, progressOf(job.id, { done: 3 }));
    await service.jobs.change(service.jobs.all()[0] as never, {
      state: 'paused',
      isDue: true,
      endedAtMs: null,
    });
    const again = await startHere(service);
    await eventually(() => expect(orders(again, job.id)).toHaveLength(2));
    await eventually(() => expect(again.jobs.all()).toMatchObject([{ done: 3, state: 'paused' }]));
  });
});
