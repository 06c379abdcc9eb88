import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ProcessEnd } from './managed-process.ts';
import { type Launch, Part } from './part.ts';

const crash = 'process.kill(process.pid, "SIGABRT"); setInterval(() => {}, 1000)';
const serve = 'console.log("serving"); setInterval(() => {}, 1000)';

/** Returns a part whose starts run one script each, and whose ends count as mended if `mended` says so. */
const aPart = async (scripts: readonly string[], mended: string | null, readyTimeoutMs = 60_000) => {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-part-'));
  const logFile = join(folder, 'store.log');
  const ends: [ProcessEnd, boolean][] = [];
  const lines: string[] = [];
  let starts = 0;
  const launch = (): Launch => ({
    args: ['-e', scripts[starts++] ?? serve],
    onEnded: (...end) => {
      ends.push(end);
      return mended;
    },
  });
  const log = async () => readFile(logFile, 'utf8');
  const part = new Part({
    process: { name: 'store', command: process.execPath, args: [], logFile },
    launch,
    print: (line) => lines.push(line),
    isReady: async () => (await log()).includes('serving'),
    readyTimeoutMs,
    stopGraceMs: 10_000,
  });
  onTestFinished(async () => {
    await part.kill9();
    await rm(folder, { recursive: true, force: true });
  });
  return { part, ends, lines, log, starts: () => starts };
};

test('a part that ended by a mended fault is started again, and says so', async () => {
  const { part, ends, lines, log } = await aPart([crash, serve], 'its cache was removed');
  await part.start();
  expect(part.isRunning).toBe(true);
  expect(ends).toEqual([[{ code: null, signal: 'SIGABRT' }, true]]);
  expect(lines).toEqual(['store ended (SIGABRT): its cache was removed']);
  expect(await log()).toMatch(/^store ended \(SIGABRT\): its cache was removed\n/m);
});

test('it is started again only once', async () => {
  const { part, starts } = await aPart([crash, crash, serve], 'its cache was removed');
  await expect(part.start()).rejects.toThrow(/^store ended at start \(SIGABRT\)/);
  expect(starts()).toBe(2);
});

test('a part whose end was not mended is not started again', async () => {
  const { part, starts, lines } = await aPart([crash, serve], null);
  await expect(part.start()).rejects.toThrow(/^store ended at start \(SIGABRT\)/);
  expect([starts(), lines]).toEqual([1, []]);
});

test('a part that was ready, or was asked to end, has not failed to start', async () => {
  const { part, ends } = await aPart([serve, serve], null);
  await part.start();
  part.signal('SIGHUP');
  await part.ended();
  await part.spawn();
  await part.stop();
  expect(ends).toEqual([
    [{ code: null, signal: 'SIGHUP' }, false],
    [{ code: null, signal: 'SIGTERM' }, false],
  ]);
});

test('a part that hangs at its start has failed to start', async () => {
  const { part, ends } = await aPart(['setInterval(() => {}, 1000)'], null, 0);
  await expect(part.start()).rejects.toThrow('store was not ready after 0 s');
  expect(ends).toEqual([[{ code: null, signal: 'SIGKILL' }, true]]);
});

test('a fault that cannot be mended is reported as the end of the part, with a warning', async () => {
  const { part, lines } = await aPart([], null);
  const failing = new Part({
    process: { name: 'store', command: process.execPath, args: [], logFile: part.logFile },
    launch: () => ({
      args: ['-e', 'process.exit(3)'],
      onEnded: () => {
        throw new Error('the folder is read-only');
      },
    }),
    print: (line) => lines.push(line),
    isReady: async () => false,
    readyTimeoutMs: 60_000,
    stopGraceMs: 10_000,
  });
  await expect(failing.start()).rejects.toThrow(/^store ended at start \(exit code 3\)/);
  expect(lines).toEqual(['warning: store: the folder is read-only']);
});
