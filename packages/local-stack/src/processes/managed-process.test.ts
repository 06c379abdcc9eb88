import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ManagedProcess } from './managed-process.ts';

const aLog = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-process-'));
  onTestFinished(async () => rm(folder, { recursive: true, force: true }));
  return join(folder, 'log');
};

test('a process is running before its input is known, and receives the whole of it', async () => {
  const logFile = await aLog();
  let know = (_text: string): void => {};
  const input = new Promise<string>((resolve) => {
    know = resolve;
  });
  const child = await ManagedProcess.start({
    name: 'reader',
    command: process.execPath,
    args: ['-e', 'process.stdin.pipe(process.stdout)'],
    logFile,
    input: async () => input,
  });
  expect(child.end).toBeNull();
  const text = 'x'.repeat(200_000);
  know(text);
  expect(await child.ended).toEqual({ code: 0, signal: null });
  expect(await readFile(logFile, 'utf8')).toBe(text);
});

test('a process whose input never comes ends, and one that ended reads nothing', async () => {
  const logFile = await aLog();
  const start = (script: string, input: () => Promise<string>) =>
    ManagedProcess.start({ name: 'p', command: process.execPath, args: ['-e', script], logFile, input });
  const none = await start('process.stdin.on("end", () => process.exit(3)).resume()', async () => {
    throw new Error('the stores did not start');
  });
  expect((await none.ended).code).toBe(3);
  let know = (_text: string): void => {};
  const late = new Promise<string>((resolve) => {
    know = resolve;
  });
  const gone = await start('process.exit(4)', async () => late);
  expect((await gone.ended).code).toBe(4);
  know('x'.repeat(200_000));
});

test('the environment is awaited', async () => {
  const logFile = await aLog();
  const child = await ManagedProcess.start({
    name: 'p',
    command: process.execPath,
    args: ['-p', 'process.env.TIDINGS_TEST'],
    logFile,
    env: async () => ({ TIDINGS_TEST: 'known' }),
  });
  await child.ended;
  expect(await readFile(logFile, 'utf8')).toBe('known\n');
});
