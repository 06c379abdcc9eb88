import { type JobOrdered, type JobProgressed, workspaceId } from '@tidings/contracts';
import { silentLogger } from '@tidings/observability';
import { fakeClock } from '@tidings/runtime/testing';
import { eventually } from '@tidings/testing';
import { expect, it } from 'vitest';
import { aSpec } from '../../test/replay-world.ts';
import type { ReplayJob } from './domain/replay-job.ts';
import { ReplayRunner } from './replay-runner.ts';

const jobOf = (n: number, workspace: string, desired: 'running' | 'paused' = 'running'): ReplayJob => {
  const order: JobOrdered<'replay'> = {
    ...{ type: 'JobOrdered.v1', jobId: `job_${n}`, kind: 'replay', workspaceId: workspaceId(workspace) },
    ...{ ownerId: null, requestedBy: 'key_1', spec: aSpec(), desired, createdAtMs: n },
    revision: desired === 'running' ? 1 : 2,
  };
  return { order, progress: null };
};

it('runs two replays of a workspace at a time, and eight of all; one that waits can be paused', async () => {
  const jobs = new Map<string, ReplayJob>();
  const running: string[] = [];
  const reports: JobProgressed[] = [];
  const ends = new Map<string, () => void>();
  const runner = new ReplayRunner({
    find: (id) => jobs.get(id),
    start: async ({ order: { jobId } }, signal) => {
      running.push(jobId);
      await new Promise<void>((resolve) => {
        ends.set(jobId, resolve);
        signal.addEventListener('abort', () => resolve());
      });
      running.splice(running.indexOf(jobId), 1);
      jobs.delete(jobId);
      return { jobId, state: 'done', counts: {} } as JobProgressed;
    },
    report: async (progress) => {
      reports.push(progress);
      const job = jobs.get(progress.jobId);
      if (job !== undefined) jobs.set(progress.jobId, { ...job, progress });
    },
    release: async () => {},
    clock: fakeClock(),
    logger: silentLogger,
  });
  const update = (job: ReplayJob): void => {
    jobs.set(job.order.jobId, job);
    runner.update(job);
  };
  for (let n = 0; n < 50; n += 1) update(jobOf(n, 'ws_busy'));
  await eventually(() => expect(running).toEqual(['job_0', 'job_1']));
  for (let n = 50; n < 60; n += 1) update(jobOf(n, `ws_${n}`));
  await eventually(() => expect(running).toHaveLength(8));
  expect(running.slice(2)).toEqual([50, 51, 52, 53, 54, 55].map((n) => `job_${n}`));
  update(jobOf(2, 'ws_busy', 'paused'));
  await eventually(() => expect(reports).toMatchObject([{ jobId: 'job_2', state: 'paused' }]));
  ends.get('job_0')?.();
  await eventually(() => expect(running).toContain('job_3'));
  expect(running).toHaveLength(8);
  await runner.close();
  expect([running, runner.running]).toEqual([[], 0]);
});
