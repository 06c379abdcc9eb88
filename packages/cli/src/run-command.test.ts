import { describe, expect, it } from 'vitest';
import { anApi, run } from './cli-under-test.ts';

const aPage = {
  data: [
    {
      id: 'sub_1',
      state: 'active',
      consumer_id: null,
      events: ['a', 'b.*'],
      failure_count: 0,
      endpoint_url: 'https://x.example',
    },
    {
      id: 'sub_22',
      state: 'disabled',
      consumer_id: 'acme',
      events: ['*'],
      failure_count: 7,
      endpoint_url: 'https://\u001b[31my.example',
    },
  ],
  next_cursor: 'abc',
};

describe('what is shown', () => {
  it('a list as a table, and how to go on; nothing that a terminal would obey', async () => {
    const { run: tidings } = await anApi(200, aPage);
    const { out, err } = await tidings('subscriptions', 'list');
    expect(out.split('\n')).toEqual([
      'ID      STATE     CONSUMER  EVENTS  FAILURES  ENDPOINT',
      'sub_1   active    -         a,b.*   0         https://x.example',
      'sub_22  disabled  acme      *       7         https://\ufffd[31my.example',
    ]);
    expect(err).toBe('There are more: add --cursor abc');
  });

  it('the answer itself with --json, before or after the command', async () => {
    const { run: tidings } = await anApi(200, aPage);
    expect(JSON.parse((await tidings('subscriptions', 'list', '--json')).out)).toEqual(aPage);
    expect(JSON.parse((await tidings('--json', 'subscriptions', 'list')).out)).toEqual(aPage);
  });

  it('help with examples for every command', async () => {
    const { out } = await run(['--help'], {});
    expect(out).toContain('Exit codes:');
    const groups = [...out.matchAll(/^ {2}([a-z][a-z-]*) /gm)].map(([, name]) => name ?? '');
    expect(groups).toContain('dead-letters');
    for (const group of groups.filter((name) => name !== 'help')) {
      const names = [...(await run([group, '--help'], {})).out.matchAll(/^ {2}([a-z-]+) /gm)].map(
        ([, name]) => name,
      );
      for (const name of names.filter((one) => one !== 'help' && one !== undefined)) {
        const help = await run([group, name ?? '', '--help'], {});
        expect(help.code).toBe(0);
        expect(help.out).toContain(`Examples:\n  tidings ${group} ${name}`);
      }
    }
  });
});

describe('what goes wrong', () => {
  it('a refusal is told with the place of each fault: exit code 1', async () => {
    const problem = {
      title: 'Not acceptable as it is',
      detail: 'The body breaks a rule.',
      errors: [
        { pointer: '/events/0', detail: 'is no name' },
        { pointer: '', detail: 'no' },
      ],
      traceId: 'abc',
    };
    const { run: tidings } = await anApi(422, problem, 'application/problem+json');
    const { code, err } = await tidings('subscriptions', 'create', '--endpoint', 'x');
    expect(code).toBe(1);
    expect(err).toBe(
      '422 Not acceptable as it is: The body breaks a rule.\n  /events/0: is no name\n  (all): no',
    );
  });

  it('a test that failed: exit code 1, and the answer', async () => {
    const { run: tidings } = await anApi(200, { success: false, error: 'refused' });
    const { code, out } = await tidings('subscriptions', 'test', 'sub_1');
    expect([code, out]).toEqual([1, 'success  false\nerror    refused']);
  });

  it.each<[string[]]>([
    [['subscriptions', 'frob']],
    [['subscriptions', 'get']],
    [['subscriptions', 'list', '--nope']],
    [['subscriptions', 'create', '--filter', '{']],
    [['subscriptions', 'create', '--header', 'x']],
    [['subscriptions', 'create', '--data', '@/does/not/exist']],
    [['subscriptions', 'create', '--data', '[1]']],
    [['subscriptions', 'rotate-secret', 'sub_1', '--overlap', 'long']],
    [['consumers', 'token', 'acme', '--expires-in', '-1']],
    [['dead-letters', 'redrive']],
    [['dead-letters', 'redrive', 'dl_1', '--all']],
    [['dead-letters', 'redrive', 'dl_1', '--dry-run']],
    [['dead-letters', 'discard', '--all', '--reason', 'exhausted', '--because', 'x']],
    [['events', 'publish', 'a', '--data', '{']],
    [['--url', 'ftp://x', 'subscriptions', 'list']],
  ])('%j: exit code 2, and nothing is asked', async (args) => {
    const { asked, run: tidings } = await anApi();
    const { code, err } = await tidings(...args);
    expect([code, asked]).toEqual([2, []]);
    expect(err).not.toBe('');
    expect(err).not.toMatch(/\n\s+at /);
  });

  it('no answer, 5xx, or something that is not Tidings: exit code 3', async () => {
    const env = { TIDINGS_URL: 'http://127.0.0.1:2', TIDINGS_API_KEY: 'k' };
    const nobody = await run(['subscriptions', 'list'], { env });
    expect(nobody).toMatchObject({
      code: 3,
      err: expect.stringMatching(/127\.0\.0\.1:2 does not answer: .*ECONNREFUSED/) as string,
    });
    const down = { title: 'Not available now', detail: 'Wait.', traceId: 'abc' };
    const { run: tidings } = await anApi(503, down);
    expect(await tidings('subscriptions', 'list')).toMatchObject({
      code: 3,
      err: '503 Not available now: Wait.\n  trace abc',
    });
    const { run: other } = await anApi(200, '<html>', 'text/html');
    expect(await other('subscriptions', 'list')).toMatchObject({
      code: 3,
      err: expect.stringContaining('not from Tidings') as string,
    });
  });
});
