import { expect, it } from 'vitest';
import { anAnsweringApi } from '../cli-under-test.ts';

const job = {
  ...{
    id: 'job_1',
    kind: 'erasure',
    state: 'done',
    request: { consumer_id: 'acme' },
    eta: null,
    error: null,
  },
  progress: { total: 3, done: 3, percent: 100, counts: { events: 3 } },
};

const start = async () =>
  anAnsweringApi(({ line }) => ({ status: line.startsWith('POST') ? 202 : 200, body: job }));

it('asks for the id, then erases and waits for the end', async () => {
  const { requests, runWith } = await start();
  const { code, err, out } = await runWith({ stdin: 'acme\n' }, 'erase', '--consumer', 'acme', '--json');
  expect(err).toContain("The data of consumer 'acme' will be erased. This cannot be undone.");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual(job);
  expect(requests.map(({ line }) => line)).toEqual([
    'POST /v1/webhooks/erasures',
    'GET /v1/webhooks/jobs/job_1',
  ]);
  expect(requests[0]?.body).toEqual({ consumer_id: 'acme' });
});

it.each(['', '\n', 'globex\n', 'no\nacme\n'])('erases nothing if the answer is %j', async (stdin) => {
  const { requests, runWith } = await start();
  const { code, err } = await runWith({ stdin }, 'erase', '--consumer', 'acme');
  expect(code).toBe(2);
  expect(err).toContain('Nothing was erased');
  expect(requests).toEqual([]);
});

it('does not ask with --yes, and sends reason and key', async () => {
  const { requests, run } = await start();
  const args = ['--event', 'evt_1', '--reason', 'asked', '--yes', '--no-wait', '--idempotency-key', 'k'];
  expect((await run('erase', ...args)).code).toBe(0);
  expect(requests).toMatchObject([
    { body: { event_id: 'evt_1', reason: 'asked' }, headers: { 'idempotency-key': 'k' } },
  ]);
});

it.each([[[]], [['--event', 'evt_1', '--consumer', 'acme']]])('refuses %j', async (args) => {
  const { requests, run } = await start();
  const { code, err } = await run('erase', ...args, '--yes');
  expect([code, err]).toEqual([2, expect.stringContaining('Exactly one of --event and --consumer')]);
  expect(requests).toEqual([]);
});
