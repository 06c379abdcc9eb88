import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { eventually } from '@tidings/testing';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { startCollector } from '../harness/collector.ts';
import { startListening } from '../harness/listening.ts';
import { startTidings, type Tidings } from '../harness/tidings.ts';

const program = fileURLToPath(new URL('../../node_modules/.bin/tidings', import.meta.url));

let tidings: Tidings;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  tidings = await startTidings();
  const { url, admin_key } = await tidings.local();
  env = { ...process.env, TIDINGS_URL: url, TIDINGS_API_KEY: admin_key };
});
afterAll(async () => {
  await tidings?.stop();
});

/** Runs a command that must succeed and parses its output. */
const answerOf = async <T>(args: readonly string[], environment = env): Promise<T> => {
  const { code, out, err } = await run([...args, '--json'], environment);
  expect({ code, err, args }).toEqual({ code: 0, err: '', args });
  return JSON.parse(out) as T;
};

type Named = Readonly<{ id: string; state: string }>;

const run = (args: readonly string[], environment = env) =>
  new Promise<{ code: number; out: string; err: string }>((resolve) => {
    execFile(program, args, { env: environment, cwd: join(tidings.dataDir, '..') }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
  });

it('creates a subscription, publishes to it, and shows the delivery', async () => {
  const collector = await startCollector();
  const made = await run([
    'subscriptions',
    'create',
    '--endpoint',
    collector.url,
    '--event',
    'cli.*',
    '--json',
  ]);
  expect(made).toMatchObject({ code: 0, err: '' });
  const { id, secret } = JSON.parse(made.out) as { id: string; secret: string };
  collector.trust(secret);
  const sent = await run(['events', 'publish', 'cli.made', '--data', '{"n":1}', '--json']);
  const { id: eventId } = JSON.parse(sent.out) as { id: string };
  await eventually(async () => {
    const listed = await run(['deliveries', 'list', '--event', eventId]);
    expect(listed.out).toMatch(new RegExp(`delivered +cli\\.made +${id}`));
  });
  expect((await run(['subscriptions', 'test', id])).out).toMatch(/^success +true$/m);
  expect((await run(['subscriptions', 'disable', id, '--reason', 'done'])).out).toMatch(/^state +disabled$/m);
  expect((await run(['subscriptions', 'delete', id])).code).toBe(0);
  // Otherwise no command would be checked against the rules when the stack stops.
  expect([...tidings.sentCommands()]).toEqual(
    expect.arrayContaining(['subscription insert', 'subscription update', 'history insert', 'history find']),
  );
  const deleted = await run(['subscriptions', 'get', id]);
  expect(deleted).toMatchObject({ code: 1, err: expect.stringMatching(/^404 Not found: /) as string });
});

it('creates a workspace, a key for it, a consumer in it and a token for the consumer', async () => {
  const workspace = ['workspaces', 'create', 'ws_cli', '--name', 'CLI', '--policy', 'open'];
  expect(await answerOf<Named>(workspace)).toMatchObject({ id: 'ws_cli', state: 'active' });
  expect((await run(['workspaces', 'list'])).out).toMatch(/^ws_cli +active +CLI +open/m);
  const changed = await run(['workspaces', 'update', 'ws_cli', '--max-subscriptions', '7']);
  expect(changed.out).toMatch(/^max_subscriptions +7$/m);
  const create = [
    'api-keys',
    'create',
    '--workspace',
    'ws_cli',
    '--scope',
    'admin',
    '--idempotency-key',
    'a',
  ];
  const made = await answerOf<Named & Readonly<{ key: string }>>(create);
  expect(await answerOf(create)).toEqual(made);
  const inside = { ...env, TIDINGS_API_KEY: made.key };
  // The key is accepted once its record has been read from the topic.
  await eventually(async () => expect((await run(['consumers', 'list'], inside)).code).toBe(0));
  const consumer = ['consumers', 'create', 'acme', '--contact', 'hooks@acme.example'];
  expect(await answerOf<Named>(consumer, inside)).toMatchObject({ id: 'acme', state: 'active' });
  expect((await run(['consumers', 'get', 'acme'])).err).toMatch(/^404 /);
  const tokenCommand = ['consumers', 'token', 'acme', '--scope', 'subscriptions:read'];
  const { token } = await answerOf<{ token: string }>(tokenCommand, inside);
  await eventually(async () =>
    expect((await run(['subscriptions', 'list'], { ...env, TIDINGS_API_KEY: token })).code).toBe(0),
  );
  expect((await run(['consumers', 'disable', 'acme'], inside)).out).toMatch(/^state +disabled$/m);
  expect((await run(['api-keys', 'list', '--state', 'active'], inside)).out).toContain(made.id);
  const revoke = ['api-keys', 'revoke', made.id, '--workspace', 'ws_cli'];
  expect(await answerOf<Named>(revoke)).toMatchObject({ state: 'revoked' });
  await eventually(async () => expect((await run(['consumers', 'list'], inside)).err).toMatch(/^401 /));
});

it('imports event types from a document, in force at once', async () => {
  const payload = { type: 'object', properties: { n: { $ref: '#/components/schemas/N' } }, required: ['n'] };
  const document = {
    asyncapi: '3.0.0',
    info: { title: 'Of a test', version: '1.0.0' },
    components: { messages: { 'cli.typed': { payload } }, schemas: { N: { type: 'integer' } } },
  };
  const file = join(tidings.dataDir, 'asyncapi.json');
  await writeFile(file, JSON.stringify(document));
  const push = ['event-types', 'push', file];
  expect((await run([...push, '--dry-run'])).out).toMatch(/^cli\.typed +created/m);
  const [made] = (await answerOf<{ data: readonly object[] }>(push)).data;
  expect(made).toMatchObject({ name: 'cli.typed', outcome: 'created', propagated: true });
  const publish = async (data: string) => run(['events', 'publish', 'cli.typed', '--data', data]);
  await eventually(
    async () =>
      expect(await publish('{"n":"one"}')).toMatchObject({
        code: 1,
        err: expect.stringContaining('/data/n: ') as string,
      }),
    { timeoutMs: 5_000 },
  );
  expect((await publish('{"n":1}')).code).toBe(0);
  expect((await run(push)).out).toMatch(/^cli\.typed +unchanged/m);
});

it('counts dead letters, redrives one, and discards the rest', async () => {
  const collector = await startCollector();
  const settings = { retry_schedule: [1], send_test: false };
  const { id, secret } = await answerOf<Named & Readonly<{ secret: string }>>(
    ['subscriptions', 'create', '--endpoint', collector.url, '--event', 'cli.dead'].concat(
      '--data',
      JSON.stringify(settings),
    ),
  );
  collector.trust(secret);
  collector.failNext(4, 500);
  for (const n of ['1', '2']) await run(['events', 'publish', 'cli.dead', '--data', `{"n":${n}}`]);
  const ofIt = ['--subscription', id, '--state', 'waiting'];
  const list = async () =>
    (await answerOf<{ data: readonly Named[] }>(['dead-letters', 'list', ...ofIt])).data;
  await eventually(async () => expect(await list()).toHaveLength(2), { timeoutMs: 60_000 });
  expect((await run(['dead-letters', 'count'])).out).toMatch(/^delivery +exhausted +waiting +2/m);
  const [first] = await list();
  expect((await run(['dead-letters', 'get', first?.id ?? ''])).out).toMatch(/^reason +exhausted$/m);
  const dry = await answerOf(['dead-letters', 'redrive', '--subscription', id, '--rate', '5', '--dry-run']);
  expect(dry).toEqual({ dry_run: true, count: 2 });
  const redriven = await run(['dead-letters', 'redrive', first?.id ?? '', '--wait']);
  expect(redriven).toMatchObject({ code: 0, err: '' });
  expect(redriven.out).toMatch(/^redriven +1$/m);
  expect(redriven.out).toMatch(/^outcome +delivered \(\d+\)$/m);
  expect(collector.receipts).toHaveLength(5);
  const job = await answerOf<Named>([
    ...['dead-letters', 'discard', '--subscription', id, '--because', 'only a test'],
  ]);
  await eventually(async () => expect((await run(['jobs', 'show', job.id])).out).toMatch(/^state +done$/m));
  expect(await list()).toEqual([]);
});

it('publishes a file of events and reports the lines that were refused', async () => {
  const file = join(tidings.dataDir, 'events.jsonl');
  const lines = Array.from({ length: 1_200 }, (_, n) => `{"type":"cli.many","data":{"n":${n}}}`);
  await writeFile(file, `\ufeff${[...lines, '{"type":"a b","data":1}', '{"type":"cli.many"}'].join('\n')}\n`);
  const { code, out, err } = await run(['events', 'publish-batch', file]);
  expect([code, out]).toEqual([1, 'accepted  1200\nrefused   2\n']);
  expect(err).toMatch(/^line 1201: 422 .*\n {2}\/events\/200\/type: /m);
  expect(err).toMatch(/^line 1202: .*either data or dataJson$/m);
});

it('shows a subscription, updates it from the edited output, and shows the change in the audit log', async () => {
  const made = await answerOf<Named>([
    ...[
      'subscriptions',
      'create',
      '--endpoint',
      'https://example.com/hooks',
      '--event',
      'cli.edited',
      '--no-test',
    ],
    ...['--header', 'X-A: 1', '--header', 'X-B: 2', '--filter', '{"total":{"$gte":10}}'],
  ]);
  const file = join(tidings.dataDir, 'one.json');
  const update = ['subscriptions', 'update', made.id, '--file', file];
  const shown = await answerOf<Record<string, unknown>>(['subscriptions', 'get', made.id]);
  await writeFile(file, JSON.stringify(shown));
  expect(await run(update)).toMatchObject({ code: 0, err: 'No differences: nothing is changed.\n' });
  const edited = { ...shown, headers: { 'X-B': '3' }, filters: { total: { $lt: 99 } }, timeout_seconds: 7 };
  await writeFile(file, JSON.stringify(edited));
  expect(await answerOf(update)).toMatchObject({
    version: 2,
    headers: { 'X-B': '3' },
    filters: { total: { $lt: 99 } },
    timeout_seconds: 7,
  });
  // The file contains a version that is no longer the newest.
  await writeFile(file, JSON.stringify({ ...edited, timeout_seconds: 8 }));
  expect(await run(update)).toMatchObject({ code: 1, err: expect.stringMatching(/^412 /) as string });
  await eventually(async () => {
    const log = await run(['audit-log', 'list', '--entity', made.id, '--since', '10m']);
    expect(log.out).toMatch(/headers/);
  });
  expect((await run(['audit-log', 'list', '--entity', made.id, '--to', '1h'])).out.split('\n')).toHaveLength(
    2,
  );
});

it('matches a filter with data as fanout does', async () => {
  const test = ['filters', 'test', '--filter', '{"total":{"$gt":100}}', '--data'];
  expect((await run([...test, '{"total":101}'])).code).toBe(0);
  expect(await run([...test, '{"total":7}'])).toMatchObject({
    code: 1,
    out: expect.stringMatching(/\/filter\/total\/\$gt/) as string,
  });
});

it('reports an invalid field with its pointer, an invalid key, and an unreachable API', async () => {
  const wrong = await run(['subscriptions', 'create', '--endpoint', 'https://x.example', '--event', 'a b']);
  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('/events/0: ') as string });
  const stranger = await run(['subscriptions', 'list'], { ...env, TIDINGS_API_KEY: 'not-a-key' });
  expect(stranger).toMatchObject({ code: 1, err: expect.stringMatching(/^401 /) as string });
  const unreachable = await run(['subscriptions', 'list'], { ...env, TIDINGS_URL: 'http://127.0.0.1:2' });
  expect(unreachable).toMatchObject({ code: 3, err: expect.stringContaining('does not respond') as string });
});

/** Starts a listener for these types, in the background, with a local server that trusts its secret. */
async function aListener(args: readonly string[]) {
  const collector = await startCollector();
  onTestFinished(async () => collector.close());
  collector.trust((await run(['listen', '--print-secret'])).out.trim());
  const listening = startListening(program, {
    args: ['--forward-to', collector.url, ...args],
    ...{ env, cwd: tidings.dataDir },
  });
  await eventually(() => expect(listening.err()).toContain('Ready: forwarding to'));
  return { collector, listening };
}

const publishHeard = async (data: readonly object[]): Promise<void> => {
  const lines = data.map((one) => JSON.stringify({ type: 'cli.heard', data: one, ordering_key: 'one' }));
  const file = join(tidings.dataDir, 'heard.jsonl');
  await writeFile(file, lines.join('\n'));
  expect((await run(['events', 'publish-batch', file])).code).toBe(0);
};

it('forwards events to a local server, signed and in order, across a kill of the history, until Ctrl-C', async () => {
  const { collector, listening } = await aListener(['--events', 'cli.heard']);
  const before = Array.from({ length: 20 }, (_, n) => ({ n }));
  await publishHeard(before);
  await eventually(() => expect(collector.receipts).toHaveLength(20));
  const old = await tidings.kill9('history');
  const after = Array.from({ length: 20 }, (_, n) => ({ n: 20 + n }));
  await publishHeard(after);
  await tidings.restarted('history', old);
  await eventually(() => expect(collector.receipts).toHaveLength(40), { timeoutMs: 60_000 });
  const numbers = collector.receipts.map(
    ({ body }) => (JSON.parse(body.toString()) as { data: { n: number } }).data.n,
  );
  expect(numbers).toEqual([...before, ...after].map(({ n }) => n));
  expect(collector.refused).toEqual([]);
  // The line of a webhook is printed when its response has arrived, after the receiver has sent it.
  await eventually(() => expect(listening.out().match(/\[204\]/g)).toHaveLength(40));
  const { code, err } = await listening.interrupt();
  expect([code, err]).toEqual([130, expect.stringContaining('40 forwarded, 0 failed.')]);
  const { data } = await answerOf<{ data: readonly object[] }>(['subscriptions', 'list', '--limit', '100']);
  expect(JSON.stringify(data)).not.toContain(collector.url);
});

it('sends a fixture through a source, to a listener that gets it as its provider sent it', async () => {
  const secret = "It's a Secret to Everybody";
  const create = ['sources', 'create', 'github', '--name', 'heard', '--secret', secret];
  const { id } = await answerOf<Named>(create);
  const received: { body: string; headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ body, headers: request.headers });
      response.writeHead(202).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/github`;
  const listening = startListening(program, {
    args: ['--forward-to', url, '--source', id, '--secret', secret, '--json'],
    ...{ env, cwd: tidings.dataDir },
  });
  await eventually(() => expect(listening.err()).toContain('Ready: forwarding to'));
  const trigger = ['trigger', 'github.push', '--source', id, '--secret', secret, '--json'];
  // The source is known to ingress a moment after the response.
  const sent = await eventually(async () => answerOf<{ body: string }>(trigger));
  await eventually(() => expect(received).toHaveLength(1));
  expect(received[0]?.body).toBe(sent.body);
  expect(received[0]?.headers).toMatchObject({
    'x-github-event': 'push',
    'user-agent': 'GitHub-Hookshot/044aadd',
  });
  const file = join(tidings.dataDir, 'heard-body');
  await writeFile(file, received[0]?.body ?? '');
  const signature = `X-Hub-Signature-256: ${String(received[0]?.headers['x-hub-signature-256'])}`;
  const verified = await run(['verify', file, '--header', signature, '--secret', secret]);
  expect(verified).toMatchObject({
    code: 0,
    out: expect.stringContaining('Valid: x-hub-signature-256') as string,
  });
  expect((await listening.interrupt()).code).toBe(130);
});

it('shows where a published fixture went', async () => {
  const collector = await startCollector();
  onTestFinished(async () => collector.close());
  const { secret } = await answerOf<{ secret: string }>([
    'subscriptions',
    'create',
    '--endpoint',
    collector.url,
    '--event',
    'order.shipped',
    '--no-test',
  ]);
  collector.trust(secret);
  const triggered = await run(['trigger', 'order.shipped', '--override', 'total=1.50', '--wait']);
  expect(triggered).toMatchObject({
    code: 0,
    out: expect.stringMatching(/dlv_\w+ {2}sub_\w+ {2}delivered/) as string,
  });
  expect(collector.receipts[0]?.body.toString()).toContain('"total":1.5');
});
