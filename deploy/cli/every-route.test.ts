import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { anAnsweringApi } from '../../packages/cli/src/cli-under-test.ts';
import { commands } from '../../packages/cli/src/program.ts';
import { runCommand } from '../../packages/cli/src/run-command.ts';
import { generateSecret, signHeaders } from '../../packages/signing/src/index.ts';
import { wholeDescription as description } from '../api/whole-description.ts';

// Checks the command line against the API description: each route has a command, shown by the examples in its --help,
// and commands that change an object handle the fields that a change cannot name.

/** Routes without a command, with the reason. */
const exceptions: Readonly<Record<string, string>> = {
  'GET /v1/openapi.json': 'it is read by generators of clients, and needs no key',
};

const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
);

const webhookSecret = generateSecret();

// Files that a command reads before its request.
const files: Readonly<Record<string, string>> = {
  'order.json': '{"order_id":"ord_7"}',
  'filter.json': '{"total":{"$gt":100}}',
  'order-paid.schema.json': '{"type":"object"}',
  'event-types.json': '[{"name":"new.type"},{"name":"order.paid"}]',
  'asyncapi.json': '{"asyncapi":"3.0.0"}',
  'events.jsonl': '{"type":"order.paid","data":1}',
  'orders.jsonl': '{"type":"order.paid","data":1}',
  'one.json': '{"version":1,"description":"edited"}',
  'body.json': 'Hello, World!',
  'secret.txt': `${webhookSecret}\n`,
  'github.txt': "It's a Secret to Everybody\n",
  'headers.txt': JSON.stringify(
    signHeaders({
      ...{ id: 'dlv_1', timestampSeconds: Math.floor(Date.now() / 1_000) },
      ...{ body: Buffer.from('Hello, World!'), secrets: [webhookSecret] },
    }),
  ),
};

const progress = { total: 1, done: 1, percent: 100, counts: { redriven: 1 } };
const received = { id: 'rcv_1', received_at: '2026-11-22T10:00:00Z', outcome: 'checked' };
const job = { id: 'job_1', kind: 'redrive', state: 'done', progress, eta: null };
const link = '/v1/webhooks/exports/job_1/file?expires=9&signature=f';
const anExport = { export_id: 'job_1', status: 'ready', download_url: link };
const accepted = { status: 202, id: 'evt_1', type: 'a', accepted_at: '2026-11-22T10:00:00Z' };

const noQuantiles = { p50: null, p95: null, p99: null };
const noFigures = { success_rate: null, attempt_ms: noQuantiles, accept_to_delivered_ms: noQuantiles };
const frame = 'event: state\nid: A\ndata: {"kind":"state","event_id":"evt_1"}\n\n';

const acceptedFrame =
  'event: event\nid: A\ndata: {"kind":"event","event_id":"evt_1","source":"/v1/sources/src_019aab3cf4007c3d8e4f5a6b7c8d9e0f"}\n\n';

/** Returns the minimal response with which each command continues. */
function answerTo(line: string): { status?: number; body: unknown; headers?: Record<string, string> } {
  if (line.endsWith('/event-types/new.type'))
    return { status: 404, body: { title: 'Not found', detail: 'No.' } };
  // Before the source itself.
  if (line.includes('/received?')) return { body: { data: [received], next_cursor: null } };
  if (line.startsWith('GET /v1/webhooks/sources/')) return { body: { provider: 'github', version: 1 } };
  if (line.endsWith('/events')) return { status: 202, body: accepted };
  if (line.endsWith('/events/batch')) return { body: { results: [accepted] } };
  if (line.endsWith('/event-types/import?dry_run=true')) return { body: { data: [] } };
  if (line.includes('/jobs/')) return { body: job };
  if (line.includes('/stream?kinds=event'))
    return { body: acceptedFrame, headers: { 'content-type': 'text/event-stream' } };
  if (line.includes('/stream?')) return { body: frame, headers: { 'content-type': 'text/event-stream' } };
  if (line.endsWith('/exports')) return { status: 202, body: { ...anExport, status: 'queued' } };
  if (line.includes('/exports/')) return { body: anExport };
  if (line.endsWith('/redrive') || line.endsWith('/replays')) return { status: 202, body: job };
  return {
    body: {
      version: 1,
      total: noFigures,
      buckets: [],
      groups: null,
      ...{ hops: null, retries: null, breakers: null, dead_letters: null, jobs: null, errors: [] },
      schema: {},
      schema_versions: [],
      steps: [],
      attempts: [{ chain: 1, outcome: 'delivered', status_code: 200, reason: null, next: { kind: 'none' } }],
      delivery_id: 'dlv_1',
      redriven_chain: 1,
      success: true,
      matches: true,
    },
  };
}

// Splits an example as a shell does: handles quotes, and drops what follows a redirection or pipe.
function wordsOf(example: string): { words: string[]; stdin: string } {
  const tokens = [...example.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
  const end = tokens.findIndex((token) => ['>', '&&', '|', '<<<'].includes(token));
  const stdin = tokens[end] === '<<<' ? (tokens[end + 1] ?? '') : '';
  return { words: end < 0 ? tokens : tokens.slice(0, end), stdin };
}

const called = new Set<string>();
const folder = mkdtempSync(join(tmpdir(), 'tidings-cli-'));
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const patternOf = (path: string): RegExp => new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`);
const matching = (line: string): string[] => {
  const [method = '', url = ''] = line.split(' ');
  const path = new URL(`http://x${url}`).pathname;
  const found = operations.filter(
    (one) => one.startsWith(`${method} `) && patternOf(one.split(' ')[1] ?? '').test(path),
  );
  const exact = found.filter((one) => !one.includes('{'));
  return exact.length > 0 ? exact : found;
};

describe('every example of every command', () => {
  const examples = commands.flatMap(({ name, examples: lines }) =>
    lines.map((line) => [name, line] as const),
  );

  it.each(examples)('runs without an error: %s: %s', async (name, example) => {
    const api = await anAnsweringApi(({ line, headers }) =>
      headers['content-type'] === 'application/x-ndjson'
        ? { body: { accepted: 1, refused: 0, results: [] } }
        : answerTo(line),
    );
    const { words, stdin } = wordsOf(example);
    expect(words.join(' ')).toContain(name.split(' ')[0]);
    const errors: string[] = [];
    const code = await runCommand(words, {
      env: api.env,
      folder,
      stdin: Readable.from([Buffer.from(stdin)]),
      print: () => {},
      printError: (text) => void errors.push(text),
      onInterrupt: () => {},
    });
    const isProgress = (text: string): boolean =>
      /^(No differences|\[#|\d+ forwarded|\d+ accepted, |the stream was closed)/.test(text);
    expect([code, errors.filter((text) => !isProgress(text))]).toEqual([0, []]);
    // These compute without the API.
    if (name !== 'verify' && !words.includes('--print-secret')) expect(api.requests).not.toEqual([]);
    for (const { line } of api.requests) {
      expect(matching(line), `${line} is a route of the API`).toHaveLength(1);
      called.add(matching(line)[0] ?? '');
    }
  });
});

describe('every route of the API', () => {
  it.each(operations)('has a command: %s', (operation) => {
    expect(exceptions).not.toHaveProperty([operation], '');
    expect(called.has(operation) || Object.hasOwn(exceptions, operation)).toBe(true);
  });

  it('is a listed exception only if it exists and has no command', () => {
    for (const operation of Object.keys(exceptions)) {
      expect(operations).toContain(operation);
      expect(called).not.toContain(operation);
    }
  });
});

type Schema = Readonly<{ $ref?: string; properties?: object }>;
type Media = Readonly<{ $ref?: string; content?: Readonly<Record<string, Readonly<{ schema: Schema }>>> }>;
type Operations = Readonly<{
  get: Readonly<{ responses: Readonly<Record<string, Media>> }>;
  patch: Readonly<{ requestBody: Media }>;
}>;

const fieldsOf = (media: Media | undefined): readonly string[] => {
  const body = media?.$ref?.split('/').at(-1);
  const content = body === undefined ? media : (description.components['requestBodies']?.[body] as Media);
  const schema = content?.content?.['application/json']?.schema;
  const name = schema?.$ref?.split('/').at(-1);
  const whole = name === undefined ? schema : (description.components['schemas']?.[name] as Schema);
  return Object.keys(whole?.properties ?? {});
};

describe('update --file with the edited output of get --json', () => {
  const changeable = [
    ['subscriptions', 'subscriptions/{id}'],
    ['consumers', 'consumers/{id}'],
    ['workspaces', 'workspaces/{id}'],
    ['event-types', 'event-types/{name}'],
    ['sources', 'sources/{id}'],
  ].flatMap(([group = '', path = '']) => {
    const { get, patch } = description.paths[`/v1/webhooks/${path}`] as unknown as Operations;
    const writable = fieldsOf(patch.requestBody);
    return fieldsOf(get.responses['200']).map((field) => [group, field, writable.includes(field)] as const);
  });

  it.each(changeable)('%s: can change the field %s: %s', async (group, field, isWritable) => {
    const api = await anAnsweringApi(() => ({ body: { [field]: 'before', version: 1 } }));
    writeFileSync(join(folder, 'edited.json'), JSON.stringify({ [field]: 'after' }));
    const { code } = await api.runWith({ folder }, group, 'update', 'one', '--file', 'edited.json');
    const patches = api.requests.filter(({ line }) => line.startsWith('PATCH')).map(({ body }) => body);
    if (isWritable) expect([code, patches]).toEqual([0, [{ [field]: 'after' }]]);
    // Rejected, or left out because the field changes by itself.
    else expect([[0, 2].includes(code), patches]).toEqual([true, []]);
  });
});
