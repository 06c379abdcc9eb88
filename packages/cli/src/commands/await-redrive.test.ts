import { describe, expect, it } from 'vitest';
import { anAnsweringApi } from '../cli-under-test.ts';

const progress = (done: number, total: number, counts: object = {}) => ({
  ...{ total, done, percent: (done * 100) / total },
  counts: { redriven: done, delivered: 0, skipped: 0, failed: 0, ...counts },
});
const job = {
  id: 'job_1',
  kind: 'redrive',
  state: 'running',
  request: { filter: {} },
  requested_by: 'key_1',
  consumer_id: null,
  created_at: '2026-01-01T00:00:00Z',
  started_at: '2026-01-01T00:00:00Z',
  ended_at: null,
  progress: progress(0, 1),
  eta: null,
  rate_per_second: 100,
  error: null,
};
const ended = { ...job, state: 'done', progress: progress(1, 1), ended_at: '2026-01-01T00:00:01Z' };
const attempt = (chain: number, status: number, next: object) => ({
  chain,
  outcome: status < 300 ? 'delivered' : 'failed',
  status_code: status,
  reason: null,
  next,
});

/**
 * Starts an API in which the job has ended at the second poll, and the attempt is recorded at the second poll after
 * that.
 */
async function aRedrive(last: object, finished: object = ended) {
  const polls = new Map<string, number>();
  return anAnsweringApi(({ line }) => {
    const [method = '', path = ''] = line.split(' ');
    const poll = (polls.get(path) ?? 0) + 1;
    polls.set(path, poll);
    if (method === 'POST') return { status: 202, body: job };
    if (path.includes('/jobs/')) return { body: poll === 1 ? job : finished };
    if (path.includes('dead-letters'))
      return { body: { state: 'redriven', delivery_id: 'dlv_1', redriven_chain: 2 } };
    const before = attempt(1, 500, { kind: 'dead_letter', reason: 'exhausted' });
    return { body: { attempts: poll === 1 ? [before] : [before, last] } };
  });
}

describe('dead-letters redrive --wait', () => {
  it.each([
    [attempt(2, 204, { kind: 'none' }), 0, 'delivered (204)'],
    [
      attempt(2, 503, { kind: 'retry', at: '2026-01-01T00:01:00Z' }),
      1,
      'failed (503), next attempt at 2026-01-01T00:01:00Z',
    ],
    [attempt(2, 410, { kind: 'dead_letter', reason: 'not-retried' }), 1, 'failed (410), dead-lettered again'],
  ])('shows the response of the endpoint: %j', async (last, code, outcome) => {
    const { run: tidings } = await aRedrive(last);
    const ran = await tidings('dead-letters', 'redrive', 'dl_1', '--wait');
    expect(ran.code).toBe(code);
    expect(ran.out.split('\n').map((line) => line.split(/ {2,}/))).toEqual(
      expect.arrayContaining([
        ['state', 'done'],
        ['redriven', '1'],
        ['delivered before', '0'],
        ['outcome', outcome],
      ]),
    );
  });

  it('of several shows how many were sent when the job has ended', async () => {
    const { requests, run: tidings } = await aRedrive(
      {},
      {
        ...ended,
        progress: progress(44, 44, { redriven: 41, delivered: 2, skipped: 1 }),
      },
    );
    const { code, out } = await tidings('dead-letters', 'redrive', '--all', '--wait', '10s');
    expect([code, out.split('\n').slice(1, 8)]).toEqual([
      0,
      [
        'kind                               redrive',
        'state                              done',
        'progress                           44 of 44 (100 %)',
        'redriven                           41',
        'delivered before                   2',
        'skipped (subscription not active)  1',
        'could not be read                  0',
      ],
    ]);
    expect(requests.at(-1)?.line).toBe('GET /v1/webhooks/jobs/job_1');
  });

  it('ends at its time limit and states how to continue: exit code 3', async () => {
    const { run: tidings } = await aRedrive({}, job);
    expect(await tidings('dead-letters', 'redrive', '--all', '--wait', '0')).toMatchObject({
      code: 3,
      err: 'The redrive is not finished: tidings jobs show ID and tidings deliveries get ID show its progress.',
    });
  });

  it('returns at once without --wait', async () => {
    const { requests, run: tidings } = await aRedrive({});
    expect((await tidings('dead-letters', 'redrive', 'dl_1')).code).toBe(0);
    expect(requests).toHaveLength(1);
  });
});
