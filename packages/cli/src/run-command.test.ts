import { readFileSync } from 'node:fs';
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

describe('the output', () => {
  it('is a table for a list, with the option for the next page and without terminal control characters', async () => {
    const { run: tidings } = await anApi(200, aPage);
    const { out, err } = await tidings('subscriptions', 'list');
    expect(out.split('\n')).toEqual([
      'ID      STATE     CONSUMER  EVENTS  FAILURES  ENDPOINT',
      'sub_1   active    -         a,b.*   0         https://x.example',
      'sub_22  disabled  acme      *       7         https://\ufffd[31my.example',
    ]);
    expect(err).toBe('More results: add --cursor abc');
  });

  it('says how far back a list was searched that ended early', async () => {
    const scanned = '2026-11-22T10:00:00.000Z';
    const { run: tidings } = await anApi(200, { data: [], next_cursor: 'abc', scanned_to: scanned });
    const { out, err } = await tidings('deliveries', 'list', '--status-class', '5xx');
    expect(out.split('\n')).toHaveLength(1);
    expect(err).toBe(`Searched back to ${scanned}. To search on, add --cursor abc`);
  });

  it('is the response itself with --json, before or after the command', async () => {
    const { run: tidings } = await anApi(200, aPage);
    expect(JSON.parse((await tidings('subscriptions', 'list', '--json')).out)).toEqual(aPage);
    expect(JSON.parse((await tidings('--json', 'subscriptions', 'list')).out)).toEqual(aPage);
  });

  it('is help with examples for every command', async () => {
    const { out } = await run(['--help'], {});
    expect(out).toContain('Exit codes:');
    const groups = [...out.matchAll(/^ {2}([a-z][a-z-]*) /gm)].map(([, name]) => name ?? '');
    expect(groups).toContain('dead-letters');
    for (const group of groups.filter((name) => name !== 'help')) {
      const groupHelp = (await run([group, '--help'], {})).out;
      const names = [...groupHelp.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name);
      // A command without a group, such as `stats`.
      if (!groupHelp.includes('Commands:')) {
        expect(groupHelp).toContain(`Examples:\n  tidings ${group}`);
        continue;
      }
      for (const name of names.filter((one) => one !== 'help' && one !== undefined)) {
        const help = await run([group, name ?? '', '--help'], {});
        expect(help.code).toBe(0);
        expect(help.out).toContain(`Examples:\n  tidings ${group} ${name}`);
      }
    }
  });
});

describe('an error', () => {
  it('of a refusal shows each problem with its pointer: exit code 1', async () => {
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

  it('of a failed test shows the response: exit code 1', async () => {
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
    [['consumers', 'token', 'acme', '--expires-in', '5 minutes']],
    [['deliveries', 'list', '--since', 'yesterday']],
    [['deliveries', 'list', '--from', '2026-13-01']],
    [['deliveries', 'list', '--since', '2h', '--from', '2026-11-01']],
    [['filters', 'test', '--filter', '{}']],
    [['filters', 'test', '--data', '{}']],
    [['consumers', 'get', '.']],
    [['consumers', 'update', '..', '--name', 'x']],
    [['subscriptions', 'delete', '']],
    [['event-types', 'archive', '..']],
    [['subscriptions', 'update', 'sub_1']],
    [['subscriptions', 'update', 'sub_1', '--if-match', '3']],
    [['consumers', 'update', 'acme']],
    [['workspaces', 'update', 'ws_1', '--data', '{}']],
    [['event-types', 'update', 'a.b']],
    [['subscriptions', 'create', '--data', '{"a":1,"a":2}']],
    [['subscriptions', 'create', '--filter', '{"n":9007199254740993}']],
    [['--url', 'https://partner.example/hooks', 'subscriptions', 'list']],
    [['dead-letters', 'redrive']],
    [['replay', '--from', '2h']],
    [['replay', '--from', '2h', '--all', '--missing']],
    [['replay', '--all']],
    [['dead-letters', 'redrive', 'dl_1', '--all']],
    [['dead-letters', 'redrive', 'dl_1', '--dry-run']],
    [['dead-letters', 'discard', '--all', '--reason', 'exhausted', '--because', 'x']],
    [['events', 'publish', 'a', '--data', '{']],
    [['--url', 'ftp://x', 'subscriptions', 'list']],
  ])('in %j: exit code 2, sends nothing', async (args) => {
    const { requests, run: tidings } = await anApi();
    const { code, err } = await tidings(...args);
    expect([code, requests]).toEqual([2, []]);
    expect(err).not.toBe('');
    expect(err).not.toMatch(/\n\s+at /);
  });

  it('for no response, 5xx, or a response that is not from Tidings: exit code 3', async () => {
    const env = { TIDINGS_URL: 'http://127.0.0.1:2', TIDINGS_API_KEY: 'k' };
    const unreachable = await run(['subscriptions', 'list'], { env });
    expect(unreachable).toMatchObject({
      code: 3,
      err: expect.stringMatching(/127\.0\.0\.1:2 does not respond: .*ECONNREFUSED/) as string,
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

  it('for an empty change lists what can be changed', async () => {
    const { run: tidings } = await anApi();
    expect((await tidings('consumers', 'update', 'acme')).err).toBe(
      'Nothing to change: use --name, --contact, --data, --file. tidings consumers get ID shows the current values.',
    );
  });

  it.each([
    [
      ['subscriptions', 'get', 'sub_9'],
      "404 Not found: There is no subscription 'sub_9', or your key has no access to it. tidings subscriptions list shows the existing ones.",
    ],
    [
      ['event-types', 'get', 'a.b'],
      "404 Not found: There is no event type 'a.b', or your key has no access to it. tidings event-types list shows the existing ones.",
    ],
    [
      ['jobs', 'show', 'job_1'],
      "404 Not found: There is no job 'job_1', or your key has no access to it. tidings jobs list shows the existing ones.",
    ],
    [
      ['consumers', 'disable', 'acme'],
      "404 Not found: There is no consumer 'acme', or your key has no access to it. tidings consumers list shows the existing ones.",
    ],
    [
      ['deliveries', 'get', 'x'],
      "404 Not found: There is no delivery 'x', or your key has no access to it. tidings deliveries list shows the existing ones.",
    ],
  ])('for an object that does not exist names the command that lists them: %j', async (args, text) => {
    const problem = { title: 'Not found', detail: "There is no /v1/webhooks/things/x, or of 'ws_own/acme'." };
    const { run: tidings } = await anApi(404, problem);
    expect(await tidings(...args)).toMatchObject({ code: 1, out: '', err: text });
  });

  it.each([
    [['events', 'publish', 'a', '--payload', '{}'], 'Did you mean --data?'],
    [['subscriptions', 'create', '--enabled-events', 'a'], 'Did you mean --event, once for each?'],
    [['subscriptions', 'create', '--filter-types', 'a'], 'Did you mean --event, once for each?'],
    [['subscriptions', 'create', '--allow-http'], 'workspaces update ID --allow-http'],
  ])('for an option of a similar tool names the option of this one: %j', async (args, hint) => {
    const { requests, run: tidings } = await anApi();
    const { code, err } = await tidings(...args);
    expect([code, requests]).toEqual([2, []]);
    expect(err).toContain(hint);
  });

  it('for a filter that does not match names the condition: exit code 1', async () => {
    const failed = [{ pointer: '/filter/total/$gt', detail: 'must be above 100, got 7' }];
    const { run: tidings } = await anApi(200, { matches: false, failed, warnings: [] });
    const args = ['filters', 'test', '--filter', '{"total":{"$gt":100}}', '--data', '{"total":7}'];
    expect(await tidings(...args)).toMatchObject({
      code: 1,
      out: 'matches              false\n  /filter/total/$gt  must be above 100, got 7',
      err: 'The filter does not match.',
    });
  });
});

describe('--version', () => {
  it('is the version of the package', async () => {
    const manifest = new URL('../package.json', import.meta.url);
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    expect(await run(['--version'], {})).toEqual({ code: 0, out: version, err: '' });
  });
});
