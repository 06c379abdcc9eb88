import { describe, expect, it } from 'vitest';
import { anAnsweringApi, anApi } from '../cli-under-test.ts';

const aJob = (state: string, done: number) => ({
  ...{ id: 'job_1', kind: 'run_retry', state, request: {}, eta: null, error: null },
  progress: { total: 4, done, percent: done * 25, counts: { retried: done } },
});

const path = '/v1/webhooks/runs';

describe('runs retry and cancel', () => {
  it.each<[string[], string, unknown]>([
    [['retry', 'run_1'], `POST ${path}/run_1/retry`, {}],
    [['cancel', 'run_1', '--reason', 'twice'], `POST ${path}/run_1/cancel`, { reason: 'twice' }],
    [['retry', '--failed', '--dry-run'], `POST ${path}/retry`, { all: true, dry_run: true }],
    [
      [
        ...['retry', '--failed', '--app', 'shop', '--step', 'bill', '--reason', 'step-failed', '--no-wait'],
        ...['--ordering-key', 'k', '--from', '2026-11-22', '--rate', '5'],
      ],
      `POST ${path}/retry`,
      {
        filter: {
          ...{ app: 'shop', step: 'bill', reason: 'step-failed', ordering_key: 'k' },
          started_after: '2026-11-22T00:00:00Z',
        },
        rate_per_second: 5,
      },
    ],
    [
      ['cancel', '--status', 'waiting', '--handler', 'h', '--reason', 'closed', '--no-wait'],
      `POST ${path}/cancel`,
      { filter: { status: 'waiting', handler: 'h' }, reason: 'closed' },
    ],
    [['cancel', '--all', '--no-wait'], `POST ${path}/cancel`, { all: true }],
  ])('%j', async (args, line, body) => {
    const { requests, run: tidings } = await anApi(202, aJob('queued', 0));
    expect(await tidings('runs', ...args)).toMatchObject({ code: 0, err: '' });
    expect(requests).toMatchObject([{ line }]);
    expect(requests[0]?.body).toEqual(body);
  });

  it('of many show the progress as a bar until the job has ended, and as JSON the job alone', async () => {
    for (const more of [[], ['--json']]) {
      const jobs = [aJob('queued', 0), aJob('running', 2), aJob('done', 4)];
      const { run: tidings } = await anAnsweringApi(() => ({ body: jobs.shift() }));
      const { code, out, err } = await tidings('runs', 'retry', '--failed', ...more);
      expect(code).toBe(0);
      expect(err.split('\n')).toEqual([
        '[###############---------------] running, 2 of 4 (50 %)',
        '[##############################] done, 4 of 4 (100 %)',
      ]);
      if (more.length === 0) expect(out).toMatch(/^retried +4$/m);
      else expect(JSON.parse(out)).toMatchObject({ id: 'job_1', state: 'done' });
    }
  });

  it.each([
    [['retry'], 'An id, or else --failed or a filter, is required.'],
    [['retry', 'run_1', '--failed'], 'An id, or else --failed or a filter, is required.'],
    [['retry', 'run_1', '--dry-run'], '--dry-run and --rate require --failed or a filter, not an id.'],
    [['cancel'], 'An id, or else --all or a filter, is required.'],
    [['cancel', 'run_1', '--rate', '1'], '--dry-run and --rate require --all or a filter, not an id.'],
  ])('refuse %j', async (args, message) => {
    const { requests, run: tidings } = await anApi();
    expect(await tidings('runs', ...args)).toMatchObject({ code: 2, err: message });
    expect(requests).toEqual([]);
  });
});
