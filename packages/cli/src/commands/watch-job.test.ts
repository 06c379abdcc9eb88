import { describe, expect, it } from 'vitest';
import { anAnsweringApi } from '../cli-under-test.ts';

const aJob = (state: string, done: number, rest: object = {}) => ({
  id: 'job_1',
  kind: 'redrive',
  state,
  request: {},
  progress: { total: 4, done, percent: done * 25, counts: { redriven: done } },
  eta: null,
  error: null,
  ...rest,
});

/** Starts an API that returns these jobs one after another. */
const aJobThatBecomes = async (...jobs: readonly object[]) => {
  let polls = 0;
  return anAnsweringApi(() => {
    const body = jobs[Math.min(polls, jobs.length - 1)];
    polls += 1;
    return { body };
  });
};

describe('jobs show --watch', () => {
  it('shows the progress as a bar whenever it changes, until the job has ended', async () => {
    const { requests, run: tidings } = await aJobThatBecomes(
      aJob('queued', 0),
      aJob('running', 2, { eta: '2026-01-01T00:00:09Z' }),
      aJob('running', 2, { eta: '2026-01-01T00:00:08Z' }),
      aJob('done', 4),
    );
    const { code, out, err } = await tidings('jobs', 'show', 'job_1', '--watch');
    expect(code).toBe(0);
    expect(err.split('\n')).toEqual([
      '[------------------------------] queued, 0 of 4 (0 %)',
      '[###############---------------] running, 2 of 4 (50 %), expected end 2026-01-01T00:00:09Z',
      '[##############################] done, 4 of 4 (100 %)',
    ]);
    expect(out).toMatch(/^state +done$/m);
    expect(new Set(requests.map(({ line }) => line))).toEqual(new Set(['GET /v1/webhooks/jobs/job_1']));
  });

  it('fails if the job has failed, with the reason', async () => {
    const { run: tidings } = await aJobThatBecomes(aJob('failed', 1, { error: 'no space' }));
    expect(await tidings('jobs', 'show', 'job_1', '--watch')).toMatchObject({
      code: 1,
      err: expect.stringContaining('The job failed: no space') as string,
    });
  });

  it('shows a job of unknown total once without --watch', async () => {
    const progress = { total: null, done: 7, percent: null, counts: { sent: 7 } };
    const { requests, run: tidings } = await aJobThatBecomes(
      aJob('running', 7, { kind: 'replay', progress }),
    );
    const { code, out } = await tidings('jobs', 'show', 'job_1');
    expect([code, requests.length]).toEqual([0, 1]);
    expect(out).toMatch(/^progress +7$/m);
    expect(out).toMatch(/^sent +7$/m);
  });
});
