import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runCommand } from './run-command.ts';

type Asked = { line: string; headers: Record<string, unknown>; body: unknown };

/** An API that answers everything with one thing, and a command line that knows where it is. */
async function anApi(status = 200, answer: unknown = {}, type = 'application/json') {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { method, url, headers } = request;
      asked.push({ line: `${method} ${url}`, headers, body: body === '' ? undefined : JSON.parse(body) });
      const said = typeof answer === 'string' ? answer : JSON.stringify(answer);
      response.writeHead(status, { 'content-type': type }).end(said);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = { TIDINGS_URL: url, TIDINGS_API_KEY: 'a-key' };
  return { url, asked, run: async (...args: string[]) => run(args, { env }) };
}

async function run(
  args: readonly string[],
  { env = {}, folder = '/' }: { env?: NodeJS.ProcessEnv; folder?: string },
) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCommand(args, {
    env,
    folder,
    print: (line) => out.push(line),
    complain: (line) => err.push(line),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

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

describe('what is asked', () => {
  it.each<[string[], string, unknown]>([
    [
      ['subscriptions', 'list', '--state', 'active', '--limit', '5'],
      'GET /v1/webhooks/subscriptions?state=active&limit=5',
      undefined,
    ],
    [['subscriptions', 'get', 'a/b'], 'GET /v1/webhooks/subscriptions/a%2Fb', undefined],
    [
      [
        'subscriptions',
        'create',
        '--endpoint',
        'https://x.example',
        '--event',
        'a',
        '--event',
        'b.*',
        '--header',
        'X-A: 1',
        '--inactive',
        '--data',
        '{"max_in_flight":3}',
      ],
      'POST /v1/webhooks/subscriptions',
      {
        endpoint_url: 'https://x.example',
        events: ['a', 'b.*'],
        headers: { 'X-A': '1' },
        is_active: false,
        max_in_flight: 3,
      },
    ],
    [
      ['subscriptions', 'update', 'sub_1', '--timeout', '7', '--filter', '{"a":1}'],
      'PATCH /v1/webhooks/subscriptions/sub_1',
      { timeout_seconds: 7, filters: { a: 1 } },
    ],
    [
      ['subscriptions', 'rotate-secret', 'sub_1', '--overlap', '60'],
      'POST /v1/webhooks/subscriptions/sub_1/rotate-secret',
      { overlap_seconds: 60 },
    ],
    [
      ['subscriptions', 'disable', 'sub_1', '--reason', 'x'],
      'POST /v1/webhooks/subscriptions/sub_1/disable',
      { reason: 'x' },
    ],
    [['subscriptions', 'delete', 'sub_1'], 'DELETE /v1/webhooks/subscriptions/sub_1', undefined],
    [
      ['deliveries', 'list', '--type', 'order.paid'],
      'GET /v1/webhooks/deliveries?event_type=order.paid',
      undefined,
    ],
    [['deliveries', 'get', 'dlv_1'], 'GET /v1/webhooks/deliveries/dlv_1', undefined],
    [
      ['subscriptions', 'enable', 'sub_1', '--waiting', 'discard'],
      'POST /v1/webhooks/subscriptions/sub_1/enable',
      { waiting: 'discard' },
    ],
    [
      [
        'api-keys',
        'create',
        '--scope',
        'events:write',
        '--scope',
        'admin',
        '--rate',
        '5',
        '--workspace',
        'w',
      ],
      'POST /v1/webhooks/api-keys',
      { scopes: ['events:write', 'admin'], requests_per_second: 5, workspace_id: 'w' },
    ],
    [
      ['api-keys', 'list', '--state', 'expired', '--workspace', 'w'],
      'GET /v1/webhooks/api-keys?state=expired&workspace_id=w',
      undefined,
    ],
    [['api-keys', 'get', 'key_1'], 'GET /v1/webhooks/api-keys/key_1', undefined],
    [['api-keys', 'revoke', 'key_1'], 'POST /v1/webhooks/api-keys/key_1/revoke', undefined],
    [
      ['consumers', 'create', 'acme', '--name', 'Acme'],
      'POST /v1/webhooks/consumers',
      { id: 'acme', name: 'Acme' },
    ],
    [
      ['consumers', 'update', 'a/b', '--contact', 'x'],
      'PATCH /v1/webhooks/consumers/a%2Fb',
      { contact: 'x' },
    ],
    [['consumers', 'disable', 'acme'], 'POST /v1/webhooks/consumers/acme/disable', undefined],
    [['consumers', 'enable', 'acme'], 'POST /v1/webhooks/consumers/acme/enable', undefined],
    [
      ['consumers', 'token', 'acme', '--scope', 'deliveries:read', '--expires-in', '60'],
      'POST /v1/webhooks/consumer-tokens',
      { consumer_id: 'acme', scopes: ['deliveries:read'], expires_in_seconds: 60 },
    ],
    [
      [
        'workspaces',
        'create',
        'ws_1',
        '--policy',
        'open',
        '--data',
        '{"allow_http":true,"name":"x"}',
        '--name',
        'y',
      ],
      'POST /v1/webhooks/workspaces',
      { id: 'ws_1', event_type_policy: 'open', allow_http: true, name: 'y' },
    ],
    [
      ['workspaces', 'update', 'ws_1', '--max-subscriptions', '7', '--disable-after', '0'],
      'PATCH /v1/webhooks/workspaces/ws_1',
      { max_subscriptions: 7, disable_after_failures: 0 },
    ],
    [['workspaces', 'enable', 'ws_1'], 'POST /v1/webhooks/workspaces/ws_1/enable', undefined],
    [
      ['dead-letters', 'list', '--type', 'a.b', '--after', '2026-01-01T00:00:00Z', '--state', 'waiting'],
      'GET /v1/webhooks/dead-letters?event_type=a.b&recorded_after=2026-01-01T00%3A00%3A00Z&state=waiting',
      undefined,
    ],
    [
      ['dead-letters', 'count', '--consumer', 'a'],
      'GET /v1/webhooks/dead-letters/counts?consumer_id=a',
      undefined,
    ],
    [['dead-letters', 'redrive', 'dl_1'], 'POST /v1/webhooks/dead-letters/dl_1/redrive', {}],
    [
      ['dead-letters', 'redrive', 'dl_1', '--to-origin'],
      'POST /v1/webhooks/dead-letters/dl_1/redrive',
      { to_origin: true },
    ],
    [
      ['dead-letters', 'redrive', '--reason', 'exhausted', '--rate', '5', '--dry-run'],
      'POST /v1/webhooks/dead-letters/redrive',
      { filter: { reason: 'exhausted' }, rate_per_second: 5, dry_run: true },
    ],
    [
      ['dead-letters', 'redrive', '--all'],
      'POST /v1/webhooks/dead-letters/redrive',
      { all: true, dry_run: false },
    ],
    [
      ['dead-letters', 'discard', 'dl_1', '--because', 'x'],
      'POST /v1/webhooks/dead-letters/dl_1/discard',
      { reason: 'x' },
    ],
    [['dead-letters', 'jobs', '--limit', '3'], 'GET /v1/webhooks/dead-letter-jobs?limit=3', undefined],
    [['dead-letters', 'cancel', 'job_1'], 'POST /v1/webhooks/dead-letter-jobs/job_1/cancel', undefined],
  ])('%j', async (args, line, body) => {
    const { asked, run: tidings } = await anApi();
    expect((await tidings(...args)).code).toBe(0);
    expect(asked).toMatchObject([{ line, headers: { authorization: 'Bearer a-key' } }]);
    if (body !== undefined && line.startsWith('POST /v1/webhooks/dead')) expect(asked[0]?.body).toEqual(body);
    else expect(asked).toMatchObject([{ body }]);
  });

  it('sends the data of an event as it is, under a key of the caller', async () => {
    const { asked, run: tidings } = await anApi(202, {
      id: 'evt_1',
      type: 'a',
      accepted_at: '2026-11-22T10:00:00.000Z',
    });
    const published = await tidings(
      'events',
      'publish',
      'a',
      '--data',
      '{"n": 1.0}',
      '--ordering-key',
      'k',
      '--idempotency-key',
      'once',
    );
    expect(published.out).toBe('id           evt_1\ntype         a\naccepted_at  2026-11-22T10:00:00.000Z');
    expect(asked).toMatchObject([
      {
        line: 'POST /v1/events',
        body: { type: 'a', ordering_key: 'k' },
        headers: { 'idempotency-key': 'once' },
      },
    ]);
  });

  it('names the version a change is based on', async () => {
    const { asked, run: tidings } = await anApi();
    await tidings('subscriptions', 'delete', 'sub_1', '--if-match', '3');
    await tidings('consumers', 'disable', 'acme', '--if-match', '4');
    expect(asked.map(({ headers }) => headers['if-match'])).toEqual(['"3"', '"4"']);
  });

  it('makes a repeat of a creation safe', async () => {
    const { asked, run: tidings } = await anApi(201);
    await tidings('api-keys', 'create', '--scope', 'admin', '--idempotency-key', 'once');
    expect(asked[0]?.headers['idempotency-key']).toBe('once');
  });
});

describe('event-types push', () => {
  const aFile = (content: unknown) => {
    const file = join(mkdtempSync(join(tmpdir(), 'tidings-cli-')), 'types.json');
    writeFileSync(file, JSON.stringify(content));
    return file;
  };

  it('replaces each type, in their order', async () => {
    const { asked, run: tidings } = await anApi(200, { name: 'a', state: 'active' });
    const file = aFile([{ name: 'a.b', description: 'x' }, { name: 'c' }]);
    expect((await tidings('event-types', 'push', file, '--force')).code).toBe(0);
    expect(asked).toMatchObject([
      { line: 'PUT /v1/webhooks/event-types/a.b', body: { description: 'x', force: true } },
      { line: 'PUT /v1/webhooks/event-types/c', body: { force: true } },
    ]);
  });

  it('registers one that is not there yet, and ends at the first that is refused', async () => {
    const { asked, run: tidings } = await anApi(404, { title: 'Not found', detail: 'No.' });
    const { code, err } = await tidings('event-types', 'push', aFile([{ name: 'a' }, { name: 'b' }]));
    expect([code, err]).toEqual([1, '404 Not found: No.']);
    expect(asked).toMatchObject([
      { line: 'PUT /v1/webhooks/event-types/a' },
      { line: 'POST /v1/webhooks/event-types', body: { name: 'a' } },
    ]);
  });

  it.each([{ asyncapi: '3.0.0' }, { openapi: '3.1.0', webhooks: {} }])(
    'imports %j as it is',
    async (document) => {
      const row = { name: 'a', outcome: 'created', version: 1, active_schema: 1, errors: [] };
      const { asked, run: tidings } = await anApi(200, { data: [row] });
      const { code, out } = await tidings('event-types', 'push', aFile(document), '--force', '--dry-run');
      expect(code).toBe(0);
      expect(asked).toMatchObject([
        { line: 'POST /v1/webhooks/event-types/import?force=true&dry_run=true', body: document },
      ]);
      expect(out.split('\n')).toEqual([
        'NAME  OUTCOME  STATE  SCHEMA  VERSION',
        'a     created  -      1       1',
      ]);
      await tidings('event-types', 'push', aFile(document));
      expect(asked[1]?.line).toBe('POST /v1/webhooks/event-types/import');
    },
  );

  it('tells what an import refused, with its place in the file: exit code 1', async () => {
    const refused = { outcome: 'refused', version: null, active_schema: null };
    const data = [
      { name: 'a', outcome: 'unchanged', version: 1, active_schema: null, code: null, errors: [] },
      { name: 'B', ...refused, code: 'unprocessable', errors: [{ pointer: '/x/B', detail: 'is no name' }] },
      { name: 'c', ...refused, code: 'conflict', errors: [{ pointer: '/x/c', detail: 'is gone' }] },
    ];
    const { run: tidings } = await anApi(200, { data });
    const { code, out, err } = await tidings('event-types', 'push', aFile({ asyncapi: '3.0.0' }));
    expect(code).toBe(1);
    expect(out).toContain('B     refused');
    expect(err.split('\n')).toEqual([
      '2 of 3 were refused:',
      '  /x/B: is no name',
      '  /x/c: is gone (--force takes it)',
    ]);
  });

  it('has no dry run for types of its own shape', async () => {
    const { asked, run: tidings } = await anApi();
    expect((await tidings('event-types', 'push', aFile([{ name: 'a' }]), '--dry-run')).code).toBe(2);
    expect(asked).toEqual([]);
  });

  it('refuses a file that holds something else', async () => {
    const { asked, run: tidings } = await anApi();
    expect((await tidings('event-types', 'push', aFile([{ nome: 'a' }]))).code).toBe(2);
    expect(asked).toEqual([]);
  });
});

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

describe('where the API is', () => {
  const aFolder = (url: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'tidings-cli-'));
    mkdirSync(join(folder, '.tidings'));
    mkdirSync(join(folder, 'below'));
    writeFileSync(join(folder, '.tidings', 'local.json'), JSON.stringify({ url, admin_key: 'local-key' }));
    return join(folder, 'below');
  };

  it('the local stack of this folder or one above it, when nothing is set', async () => {
    const { url, asked } = await anApi();
    expect((await run(['subscriptions', 'get', 'sub_1'], { folder: aFolder(url) })).code).toBe(0);
    expect(asked[0]?.headers['authorization']).toBe('Bearer local-key');
  });

  it('never sends the key of the local stack anywhere else', async () => {
    const { url, asked } = await anApi();
    const elsewhere = await run(['subscriptions', 'list', '--url', url], {
      folder: aFolder('http://127.0.0.1:1'),
    });
    expect(elsewhere).toMatchObject({
      code: 4,
      err: expect.stringContaining('Set TIDINGS_API_KEY') as string,
    });
    expect(asked).toEqual([]);
  });

  it('is asked for when there is none', async () => {
    expect(await run(['subscriptions', 'list'], {})).toMatchObject({
      code: 4,
      err: expect.stringContaining('npm start') as string,
    });
  });
});
