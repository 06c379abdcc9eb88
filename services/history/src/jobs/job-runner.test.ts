import { recordingLogger } from '@tidings/observability/testing';
import { AppError } from '@tidings/runtime';
import { fakeClock } from '@tidings/runtime/testing';
import { describe, expect, it } from 'vitest';
import { aJob } from '../../test/jobs/job-builders.ts';
import { createMemoryJobStore } from '../../test/jobs/memory-job-store.ts';
import { changeJob } from './change-job.ts';
import type { Job } from './domain/job.ts';
import type { JobAction } from './domain/job-change.ts';
import { JobKinds, type RunKind } from './job-kind.ts';
import { JobRunner } from './job-runner.ts';

const end = 12;

/** A world of runners over one store. Each unit of the job takes `unitMs`; `active` counts batches in progress. */
const setUp = async (over: Partial<Job> = {}, { unitMs = 0 } = {}) => {
  const clock = fakeClock();
  const jobs = createMemoryJobStore();
  const job = aJob({ kind: 'export', ratePerSecond: 10, ...over });
  await jobs.insert(job);
  const log = recordingLogger();
  const world = {
    active: 0,
    most: 0,
    units: [] as number[],
    released: 0,
    aborted: 0,
    published: [] as Job[],
    ended: [] as Job[],
  };
  let failure: Error | null = null;
  const runBatch = async (at: number, signal: AbortSignal) => {
    if (failure !== null) throw failure;
    world.active += 1;
    world.most = Math.max(world.most, world.active);
    if (unitMs > 0) {
      await new Promise<void>((resolve) => {
        clock.setTimer(resolve, unitMs);
        signal.addEventListener('abort', () => resolve());
      });
    }
    world.active -= 1;
    if (signal.aborted) {
      world.aborted += 1;
      throw new Error('the claim is lost');
    }
    const units = Math.min(1, end - at);
    if (units > 0) world.units.push(at);
    return {
      checkpoint: at + units,
      counts: { exported: units },
      ...{ done: units, sent: units },
      isAtEnd: at + units === end,
    };
  };
  const kind: RunKind = {
    kind: 'export',
    carriedOutBy: 'history',
    requestView: () => ({}),
    runBatch: async ({ checkpoint }, signal) => runBatch(checkpoint as number, signal),
    release: async () => {
      world.released += 1;
    },
  };
  const newRunner = ({ renews = true } = {}) => {
    const kinds = new JobKinds();
    kinds.register(kind);
    kinds.register({ kind: 'replay', carriedOutBy: 'worker', requestView: () => ({}) });
    const orders = { publish: async (one: Job) => void world.published.push(one), retire: async () => {} };
    const renew: typeof jobs.renew = async (...args) => {
      if (!renews) throw new AppError({ code: 'unavailable', message: 'no store' });
      return jobs.renew(...args);
    };
    const runner = new JobRunner({
      ...{ jobs: { ...jobs, renew }, kinds, orders, clock, logger: log },
      ...{ onBatchDone: () => {}, onRound: () => {}, onEnded: (one: Job) => void world.ended.push(one) },
    });
    runner.wake();
    return runner;
  };
  const advance = async (ms: number) => {
    for (let at = 0; at < ms; at += 50) await clock.advance(50);
  };
  const stored = () => jobs.all()[0] as Job;
  const change = async (action: JobAction) =>
    changeJob({ jobs, kinds: new JobKinds(), clock, wake: () => {} }, action, {
      id: job.id,
      scope: { ...job, ownerId: null },
    });
  const fail = (error: Error | null) => {
    failure = error;
  };
  return { clock, jobs, job, world, newRunner, advance, stored, change, fail, log };
};

const allUnits = Array.from({ length: end }, (_, at) => at);

describe('the runner of jobs', () => {
  it('processes a job from its checkpoint to its end, at its rate', async () => {
    const { world, newRunner, advance, stored, log } = await setUp();
    newRunner();
    await advance(500);
    expect(stored()).toMatchObject({ state: 'running', isDue: true });
    expect(world.units.length).toBeLessThanOrEqual(6);
    await advance(1_500);
    expect(world.units).toEqual(allUnits);
    expect(stored()).toMatchObject({
      ...{ state: 'done', isDue: false, done: end, counts: { exported: end }, error: null },
      claimedUntilMs: 0,
    });
    expect(stored().endedAtMs).toBeGreaterThan(stored().startedAtMs ?? Number.POSITIVE_INFINITY);
    expect(world.released).toBe(1);
    expect(log.lines.map(({ event }) => event)).toEqual(['job.started', 'job.ended']);
  });

  it('never processes one job in two runs at once', async () => {
    const { world, newRunner, advance, stored } = await setUp({}, { unitMs: 7_000 });
    for (let n = 0; n < 4; n += 1) newRunner();
    await advance(120_000);
    expect(stored()).toMatchObject({ state: 'done' });
    expect(world.units).toEqual(allUnits);
    expect(world.most).toBe(1);
  });

  it('aborts a batch whose claim it cannot renew before another run may take the job', async () => {
    const { world, newRunner, advance, stored } = await setUp({}, { unitMs: 12_000 });
    const unlucky = newRunner({ renews: false });
    await advance(1_000);
    newRunner();
    await advance(13_000);
    expect(world.aborted).toBe(1);
    await unlucky.close();
    await advance(200_000);
    expect(world.most).toBe(1);
    expect(stored()).toMatchObject({ state: 'done' });
    expect(world.units).toEqual(allUnits);
  });

  it('pauses after the batch in progress, and resumes at the same place in another run', async () => {
    const { world, newRunner, advance, stored, change, log } = await setUp();
    const first = newRunner();
    await advance(500);
    expect(await change('pause')).toMatchObject({ state: 'paused' });
    await advance(300);
    const { length } = world.units;
    expect(stored()).toMatchObject({ state: 'paused', isDue: false, done: length, claimedUntilMs: 0 });
    await advance(60_000);
    expect(world.units).toHaveLength(length);
    expect(world.released).toBe(0);
    await first.close();
    await change('resume');
    newRunner();
    await advance(3_000);
    expect(world.units).toEqual(allUnits);
    expect(stored()).toMatchObject({ state: 'done', done: end });
    const events = log.lines.map(({ event }) => event);
    expect(events).toEqual(['job.started', 'job.paused', 'job.continued', 'job.ended']);
  });

  it('continues without a pause that was withdrawn before the run has seen it', async () => {
    const { world, newRunner, advance, stored, change } = await setUp();
    newRunner();
    await advance(400);
    await change('pause');
    await change('resume');
    await advance(3_000);
    expect(world.units).toEqual(allUnits);
    expect(stored()).toMatchObject({ state: 'done', revision: 3 });
  });

  it('releases a cancelled job, also one that no run has ever claimed or that is paused', async () => {
    for (const before of ['running', 'queued', 'paused'] as const) {
      const { world, newRunner, advance, stored, change } = await setUp();
      if (before === 'running') newRunner();
      await advance(400);
      if (before === 'paused') await change('pause');
      expect(await change('cancel')).toMatchObject({ state: 'cancelled' });
      expect((await change('resume')).state).toBe('cancelled');
      newRunner();
      await advance(3_000);
      expect(stored()).toMatchObject({ state: 'cancelled', isDue: false, done: world.units.length });
      expect(stored().endedAtMs).not.toBeNull();
      expect(world.released).toBe(1);
      expect(world.units.length).toBeLessThan(end);
    }
  });

  it('repeats a batch that fails, and ends the job after ten failures with the error', async () => {
    const { world, newRunner, advance, stored, fail, log } = await setUp();
    newRunner();
    await advance(400);
    fail(new Error('the disk is full'));
    await advance(200_000);
    expect(stored()).toMatchObject({ state: 'failed', isDue: false, error: 'the disk is full' });
    expect(world.released).toBe(1);
    expect(world.ended).toMatchObject([{ kind: 'export', state: 'failed' }]);
    const failures = log.lines.filter(({ event }) => event === 'job.batch-failed');
    expect(failures).toHaveLength(10);
  });

  it('waits for as long as a service is unavailable, and then continues', async () => {
    const { world, newRunner, advance, stored, fail } = await setUp();
    newRunner();
    await advance(400);
    fail(new AppError({ code: 'unavailable', message: 'no store' }));
    await advance(200_000);
    expect(stored()).toMatchObject({ state: 'running' });
    fail(null);
    await advance(20_000);
    expect(world.units).toEqual(allUnits);
    expect(stored()).toMatchObject({ state: 'done' });
  });

  it('repeats a write that fails without repeating the batch before it', async () => {
    const { jobs, world, newRunner, advance, stored } = await setUp();
    newRunner();
    await advance(400);
    jobs.fail(new AppError({ code: 'unavailable', message: 'no store' }), 5);
    await advance(60_000);
    expect(world.units).toEqual(allUnits);
    expect(stored()).toMatchObject({ state: 'done', done: end });
  });

  it('gives its claim back when it closes, and leaves kinds that it does not know to others', async () => {
    const { world, newRunner, advance, stored, jobs } = await setUp();
    const other = aJob({ kind: 'erasure' });
    await jobs.insert(other);
    const runner = newRunner();
    await advance(400);
    await runner.close();
    expect(stored()).toMatchObject({ state: 'running', isDue: true, claimedUntilMs: 0 });
    newRunner();
    await advance(3_000);
    expect(world.units).toEqual(allUnits);
    expect(await jobs.findAnywhere(other.id)).toEqual(other);
  });
});

describe('a job that another service carries out', () => {
  it('is published once for each change, after a crash too', async () => {
    const { world, newRunner, advance, stored, change } = await setUp({ kind: 'replay' });
    newRunner();
    await advance(500);
    expect(stored()).toMatchObject({ state: 'queued', isDue: false, startedAtMs: null });
    await change('pause');
    await advance(10_000);
    await change('cancel');
    await advance(10_000);
    const published = world.published.map(({ state, revision }) => [state, revision]);
    expect(published).toEqual([
      ['queued', 1],
      ['paused', 2],
      ['cancelled', 3],
    ]);
    expect(stored()).toMatchObject({ state: 'cancelled', isDue: false });
  });

  it('is published again by another run if the first ended before it has marked that', async () => {
    const { job, jobs, world, newRunner, advance, stored } = await setUp({ kind: 'replay' });
    const dead = { claim: 'dead', claimedUntilMs: 0, state: 'queued', startedAtMs: null } as const;
    await jobs.claim(job, dead);
    newRunner();
    await advance(500);
    expect(world.published).toHaveLength(1);
    expect(stored()).toMatchObject({ isDue: false });
  });
});
