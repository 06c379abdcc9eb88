import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { DataFolder } from './data-folder.ts';
import { identityOf } from './processes/process-identity.ts';

let path: string;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'tidings-folder-'));
});

afterEach(() => {
  rmSync(path, { recursive: true, force: true });
});

/** Starts a process that runs until it receives a signal. */
function startSleeper(): { pid: number; ended: Promise<NodeJS.Signals | null> } {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('exit', (_code, signal) => resolve(signal));
  });
  return { pid: child.pid ?? 0, ended };
}

test('two stacks cannot use one folder at once; a released folder can be used again', () => {
  const first = DataFolder.open(path);
  expect(() => DataFolder.open(path)).toThrow(
    `another Tidings stack (process ${process.pid}) runs on ${path}`,
  );
  first.release();
  DataFolder.open(path).release();
});

test('the lock of a killed stack is taken over, also when another program has its pid', () => {
  writeFileSync(join(path, 'lock.json'), JSON.stringify({ pid: process.pid, identity: 'another boot:1' }));
  const folder = DataFolder.open(path);
  expect(JSON.parse(readFileSync(join(path, 'lock.json'), 'utf8'))).toEqual({
    pid: process.pid,
    identity: identityOf(process.pid),
  });
  folder.release();
  expect(existsSync(join(path, 'lock.json'))).toBe(false);
});

test('processes that a killed stack left running are ended; another program with a recorded pid is not', async () => {
  const left = startSleeper();
  const stranger = startSleeper();
  const earlier = DataFolder.open(path);
  earlier.recordProcess('ingress', left.pid);
  const known = JSON.parse(readFileSync(join(path, 'processes.json'), 'utf8')) as { processes: object[] };
  known.processes.push({ name: 'mongodb', pid: stranger.pid, identity: 'another boot:1' });
  writeFileSync(join(path, 'processes.json'), JSON.stringify(known));
  writeFileSync(join(path, 'lock.json'), JSON.stringify({ pid: 1, identity: 'another boot:1' }));
  writeFileSync(join(path, 'local.json'), '{}');

  const folder = DataFolder.open(path);
  expect(await folder.endLeftovers()).toEqual(['ingress']);
  expect(await left.ended).toBe('SIGTERM');
  expect(identityOf(stranger.pid)).not.toBeNull();
  expect(existsSync(folder.localFile)).toBe(false);
  folder.release();
  process.kill(stranger.pid);
});

test('secrets are generated once, stored, and readable by their owner only', () => {
  const folder = DataFolder.open(path);
  const made = folder.secrets();
  expect(made.adminKey).toMatch(/^key_admin_[\w-]{32}$/);
  expect(Buffer.from(made.sealingKeys.split(':')[1] ?? '', 'base64')).toHaveLength(32);
  expect(statSync(join(path, 'secrets.json')).mode & 0o777).toBe(0o600);
  const demo = { subscriptionId: 'sub_1', secret: 'whsec_x', endpointUrl: 'http://127.0.0.1:1/webhooks' };
  folder.saveSecrets({ ...made, demo });
  folder.release();
  const again = DataFolder.open(path);
  expect(again.secrets()).toEqual({ ...made, demo });
  again.release();
});

test.each(['secrets.json', 'processes.json', 'lock.json'])(
  'a damaged %s is reported with a remedy',
  async (name) => {
    writeFileSync(join(path, name), '{"half":');
    const read = async (): Promise<void> => {
      const folder = DataFolder.open(path);
      try {
        await folder.endLeftovers();
        folder.secrets();
      } finally {
        folder.release();
      }
    };
    await expect(read()).rejects.toThrow(
      `${join(path, name)} is damaged. Move the data folder away, or start with --data and another folder.`,
    );
  },
);

test('a path that cannot be a folder is reported with a remedy', () => {
  const file = join(path, 'file');
  writeFileSync(file, '');
  expect(() => DataFolder.open(join(file, 'data'))).toThrow(/cannot be used: a part of that path is a file/);
});
