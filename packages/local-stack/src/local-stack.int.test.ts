import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { MongoClient } from 'mongodb';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { LocalStack, type LocalStackOptions } from './local-stack.ts';
import type { LocalState } from './local-state.ts';
import { freePorts, requireFreePorts } from './ports.ts';
import { identityOf } from './processes/process-identity.ts';

/** A substitute for the console: ready at once, and responds as the registry would. */
const fakeService = `
import { createServer } from 'node:http';
const subscriptions = [];
createServer((request, response) => {
  const send = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (request.url === '/ready') return send(200, {});
  if (request.method === 'POST') {
    if (process.env.DANGEROUSLY_ALLOWED_NETWORKS === '') return send(422, { title: 'blocked-address' });
    subscriptions.push(request.headers.authorization);
    return send(201, { id: 'sub_' + subscriptions.length, secret: 'whsec_' + Buffer.alloc(24, 7).toString('base64') });
  }
  return send(request.url.endsWith('/sub_1') ? 200 : 404, { made: subscriptions.length });
}).listen(process.env.CONSOLE_PORT, process.env.CONSOLE_HOST);
process.on('SIGTERM', () => process.exit(0));
`;

// A stack takes those behind its base; one test starts a second stack.
const usedOffsets = [0, 100].flatMap((first) => Array.from({ length: 40 }, (_, at) => first + at));

/** Returns a base whose ports are all free: other tests run stacks beside this one. */
const freeBase = async (): Promise<number> => {
  for (;;) {
    const [base = 0] = await freePorts('127.0.0.1', 1);
    const needs = usedOffsets.map((offset) => ({ port: base + offset, purpose: 'a test' }));
    const isFree = await requireFreePorts('127.0.0.1', needs, '').then(
      () => true,
      () => false,
    );
    if (isFree) return base;
  }
};

let folder: string;
const fakeConsole = () => ({
  name: 'console',
  services: [{ name: 'console', portOffset: 0 }],
  program: { entry: join(folder, 'fake.mjs') },
});
let stack: LocalStack | null = null;
let lines: string[];
let portBase: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidings-stack-'));
  await writeFile(join(folder, 'fake.mjs'), fakeService);
  lines = [];
  portBase = await freeBase();
});

afterEach(async () => {
  await stack?.stop();
  stack = null;
  await rm(folder, { recursive: true, force: true });
});

function aStack(overrides: Partial<LocalStackOptions> = {}): LocalStack {
  stack = new LocalStack({
    dataDir: join(folder, 'data'),
    brokers: null,
    onlyStack: false,
    restartBrokers: false,
    portBase,
    demo: true,
    env: {},
    print: (line) => lines.push(line),
    form: 'split',
    processes: [fakeConsole()],
    ...overrides,
  });
  return stack;
}

function localJson(): LocalState {
  return JSON.parse(readFileSync(join(folder, 'data', 'local.json'), 'utf8')) as LocalState;
}

test('local.json lists every process; one that ends is restarted and its new pid written; none remains after a stop', async () => {
  const state = await aStack().start();
  expect(localJson()).toEqual(state);
  expect(state).toMatchObject({
    url: `http://127.0.0.1:${portBase}`,
    workspace_id: 'ws_demo',
    brokers: `127.0.0.1:${portBase + 20}`,
    mongodb_uri: `mongodb://127.0.0.1:${portBase + 10}/`,
    services: { console: `http://127.0.0.1:${portBase}` },
  });
  expect(Object.keys(state.pids).sort()).toEqual(['broker-1', 'console', 'mongodb']);

  for (const name of ['console', 'mongodb']) {
    const before = state.pids[name] ?? 0;
    process.kill(before, 'SIGKILL');
    await expect.poll(() => localJson().pids[name], { timeout: 10_000 }).not.toBe(before);
    expect(lines).toContain(`${name} exited (SIGKILL); restarting in 250 ms`);
  }
  process.kill(state.pids['broker-1'] ?? 0, 'SIGKILL');
  await expect
    .poll(() => lines.at(-1), { timeout: 10_000 })
    .toBe(
      'broker-1 exited (SIGKILL) and is not restarted. Start the stack again; with --restart-brokers it restarts brokers itself.',
    );

  const { pids } = localJson();
  await stack?.stop();
  expect(Object.values(pids).map(identityOf)).toEqual([null, null, null]);
  expect(existsSync(join(folder, 'data', 'local.json'))).toBe(false);
});

test('a second start uses the existing data, keys and demo subscription', async () => {
  const first = await aStack().start();
  const client = await new MongoClient(first.mongodb_uri).connect();
  await client.db('kept').collection<{ _id: string }>('rows').insertOne({ _id: 'a' });
  await client.close();
  const secrets = readFileSync(join(folder, 'data', 'secrets.json'), 'utf8');
  await stack?.stop();

  const second = await aStack().start();
  expect(second.admin_key).toBe(first.admin_key);
  expect(readFileSync(join(folder, 'data', 'secrets.json'), 'utf8')).toBe(secrets);
  const made = await fetch(`${second.url}/made`);
  expect(await made.json()).toEqual({ made: 0 });
  const again = await new MongoClient(second.mongodb_uri).connect();
  expect(await again.db('kept').collection('rows').countDocuments()).toBe(1);
  await again.close();
});

test('an inbox that the network policy refuses is a warning, not a failed start', async () => {
  await aStack({ env: { DANGEROUSLY_ALLOWED_NETWORKS: '' } }).start();
  expect(lines).toContain(
    'warning: no demo subscription; everything else works: 422 {"title":"blocked-address"}',
  );
});

test('existing clusters are used, and Kafka and MongoDB alone have no services', async () => {
  const own = await aStack({ onlyStack: true }).start();
  expect([own.url, own.services]).toEqual([null, {}]);
  const other = new LocalStack({
    dataDir: join(folder, 'other'),
    brokers: null,
    onlyStack: false,
    restartBrokers: false,
    portBase: portBase + 100,
    demo: false,
    env: { KAFKA_BROKERS: own.brokers, MONGODB_URI: own.mongodb_uri },
    print: (line) => lines.push(line),
    form: 'split',
    processes: [fakeConsole()],
  });
  try {
    const guest = await other.start();
    expect([guest.brokers, guest.mongodb_uri]).toEqual([own.brokers, own.mongodb_uri]);
    expect(Object.keys(guest.pids)).toEqual(['console']);
  } finally {
    await other.stop();
  }
});

test('a port in use is reported before anything starts', async () => {
  const stranger = createServer();
  await new Promise<void>((resolve) => stranger.listen(portBase + 10, '127.0.0.1', resolve));
  try {
    await expect(aStack().start()).rejects.toThrow(
      `port ${portBase + 10} (MongoDB) on 127.0.0.1 is taken by another program. End that program, or choose other ports with npm start -- --port-base N.`,
    );
    expect(existsSync(join(folder, 'data', 'processes.json'))).toBe(false);
  } finally {
    stranger.close();
  }
});

test('a service that cannot start ends the start with its last error, and no process remains', async () => {
  await writeFile(join(folder, 'fake.mjs'), "throw new Error('CONSOLE_COLOR must be a colour');\n");
  await expect(aStack().start()).rejects.toThrow(
    /^console ended at start \(exit code 1\): .*CONSOLE_COLOR must be a colour/,
  );
  expect(existsSync(join(folder, 'data', 'lock.json'))).toBe(false);
});

test('a stop during the start ends the processes started so far', async () => {
  const starting = aStack().start();
  const outcome = starting.then(
    () => 'started',
    () => 'called off',
  );
  await expect.poll(() => existsSync(join(folder, 'data', 'processes.json')), { timeout: 20_000 }).toBe(true);
  const { processes } = JSON.parse(readFileSync(join(folder, 'data', 'processes.json'), 'utf8')) as {
    processes: { pid: number }[];
  };
  await stack?.stop();
  expect(await outcome).toBe('called off');
  expect(processes.map(({ pid }) => identityOf(pid))).toEqual(processes.map(() => null));
});

test('a restarted service runs its current file; one that cannot start is down until the next restart', async () => {
  const running = aStack({ demo: false, restartServices: false });
  const { url, pids } = await running.start();
  const { console: _, ...stores } = pids;
  await writeFile(join(folder, 'fake.mjs'), fakeService.replace('send(200, {})', "send(200, 'second')"));
  await running.restart(['console']);
  expect(await (await fetch(`${url}/ready`)).json()).toBe('second');
  const second = localJson().pids;
  expect(second).toMatchObject(stores);
  expect(second['console']).not.toBe(pids['console']);

  await writeFile(join(folder, 'fake.mjs'), "throw new Error('an import that does not exist');\n");
  await expect(running.restart(['console'])).rejects.toThrow(
    /^console ended at start \(exit code 1\): .*an import that does not exist/,
  );
  await expect
    .poll(() => lines.at(-1))
    .toBe('console exited (exit code 1) and is not restarted. Save one of its source files to restart it.');
  await writeFile(join(folder, 'fake.mjs'), fakeService);
  await running.restart(['console']);
  expect(await (await fetch(`${url}/ready`)).json()).toEqual({});
  expect(localJson().pids['console']).not.toBe(second['console']);
});
