import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { eventually } from '@tidings/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { freePortBase, type LocalStack } from '../harness/tidings.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const stopBudgetMs = 25_000;

let folder: string;
let portBase: number;
const started: NpmStart[] = [];

/** An `npm start` in its own process group, as a terminal runs it. */
type NpmStart = Readonly<{
  npm: ChildProcess;
  output: () => string;
  ended: Promise<number | null>;
  /** Resolves with local.json once this start has written it. */
  ready: () => Promise<LocalStack>;
}>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidings-start-'));
  portBase = await freePortBase();
});

afterEach(async () => {
  for (const { npm, ended } of started.splice(0)) {
    if (npm.exitCode === null && npm.signalCode === null) npm.kill('SIGTERM');
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
});

function npmStart(...options: string[]): NpmStart {
  const npm = spawn('npm', ['start', '--', '--data', folder, '--port-base', String(portBase), ...options], {
    cwd: repository,
    // vitest sets it to test; a user's machine does not.
    env: { ...process.env, NODE_ENV: 'production' },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [npm.stdout, npm.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const ended = new Promise<number | null>((resolve) => npm.once('close', resolve));
  const ready = (): Promise<LocalStack> =>
    eventually(
      () => {
        if (!output.includes('Tidings is ready')) throw new Error(`not ready:\n${output}`);
        return readLocal();
      },
      { timeoutMs: 120_000, abortIf: () => npm.exitCode !== null },
    );
  const start = { npm, output: () => output, ended, ready };
  started.push(start);
  return start;
}

function readLocal(): LocalStack {
  return JSON.parse(readFileSync(join(folder, 'local.json'), 'utf8')) as LocalStack;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH: no such process exists.
    return false;
  }
}

async function paste(command: string): Promise<string> {
  const shell = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'] });
  let answer = '';
  shell.stdout.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  await new Promise((resolve) => shell.once('close', resolve));
  return answer;
}

test('npm start: the printed curl arrives in the inbox, SIGINT to npm alone stops the stack, the next start finds its data', async () => {
  const first = npmStart();
  const local = await first.ready();
  expect(Object.keys(local.services).sort()).toEqual([
    ...['console', 'delivery', 'fanout', 'history', 'ingress', 'subscription'],
  ]);
  expect(Object.keys(local.pids).sort()).toEqual([
    ...['broker-1', 'console', 'delivery', 'fanout', 'history', 'ingress', 'mongodb', 'subscription'],
  ]);
  const curl = /^curl .*$/m.exec(first.output())?.[0] ?? '';
  expect(JSON.parse(await paste(curl))).toMatchObject({ type: 'demo.hello' });
  await eventually(() => expect(first.output()).toMatch(/webhook demo\.hello \(\S+\): signature verified/));

  const stopping = performance.now();
  first.npm.kill('SIGINT');
  expect(await first.ended).toBe(0);
  expect(performance.now() - stopping).toBeLessThan(stopBudgetMs);
  expect(Object.entries(local.pids).filter(([, pid]) => isAlive(pid))).toEqual([]);

  const second = npmStart();
  const again = await second.ready();
  expect([again.admin_key, again.url]).toEqual([local.admin_key, local.url]);
  const answer = await fetch(`${again.url}/v1/webhooks/subscriptions`, {
    headers: { authorization: `Bearer ${again.admin_key}` },
  });
  const { data } = (await answer.json()) as { data: { events: string[] }[] };
  expect(data.map(({ events }) => events)).toEqual([['demo.*']]);
  await paste(curl);
  await eventually(() => expect(second.output()).toMatch(/webhook demo\.hello \(\S+\): signature verified/));
});

test('restarts a killed service and updates local.json; a signal to the process group, as Ctrl-C sends it, stops in order', async () => {
  const start = npmStart('--no-demo');
  const before = (await start.ready()).pids['fanout'] ?? 0;
  process.kill(before, 'SIGKILL');
  await eventually(() => expect(readLocal().pids['fanout']).not.toBe(before));
  expect(start.output()).toContain('pipeline exited (SIGKILL); restarting in 250 ms');

  const { pids } = readLocal();
  process.kill(-(start.npm.pid ?? 0), 'SIGINT');
  expect(await start.ended).toBe(0);
  expect(start.output()).toMatch(/stopping: services first.*\n.*stopped after/);
  expect(start.output().match(/exited/g)).toHaveLength(1);
  expect(Object.entries(pids).filter(([, pid]) => isAlive(pid))).toEqual([]);
});

test('after kill -9 of the start process, the next start ends the remaining processes and works', async () => {
  const first = npmStart('--only-stack');
  const { pids } = await first.ready();
  const { pid } = JSON.parse(readFileSync(join(folder, 'lock.json'), 'utf8')) as { pid: number };
  process.kill(pid, 'SIGKILL');
  await first.ended;
  expect(Object.values(pids).filter(isAlive)).toHaveLength(2);
  const second = npmStart('--only-stack');
  const again = await second.ready();
  expect(second.output()).toMatch(
    /stopped processes of an earlier start: (mongodb, broker-1|broker-1, mongodb)/,
  );
  // Their parent was killed: init removes what is left of them, some containers' only every two seconds.
  await eventually(() => expect(Object.values(pids).filter(isAlive)).toEqual([]));
  expect(again.url).toBeNull();
});

test('refuses a second start on one folder, and an unknown option, in one line', async () => {
  const first = npmStart('--only-stack');
  await first.ready();
  const second = npmStart('--only-stack');
  expect(await second.ended).toBe(1);
  expect(second.output()).toMatch(/error: another Tidings stack \(process \d+\) runs on /);
  const third = npmStart('--colour');
  expect(await third.ended).toBe(1);
  expect(third.output()).toContain(
    "error: Unknown option '--colour'. 'npm start -- --help' lists the options.",
  );
  for (const { output } of [second, third]) expect(output()).not.toContain('    at ');
  expect(existsSync(join(folder, 'local.json'))).toBe(true);
});
