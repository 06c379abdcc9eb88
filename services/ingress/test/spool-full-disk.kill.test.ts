import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createMemoryBus } from '@tidings/kafka/testing';
import { eventually } from '@tidings/testing';
import { expect, it, onTestFinished } from 'vitest';
import { startMemoryIngress } from './memory-ingress.ts';
import { deliver, writeSource } from './spooled-sources.ts';

const run = promisify(execFile);
const kibibyte = 1_024;

/** Mounts a file system of a size. Throws, and does not skip, where this user may not. */
async function mounted(size: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tidings-test', folder]);
  } catch (cause) {
    await rm(folder, { recursive: true });
    const what = `a disk that is full needs 'mount -t tmpfs', which this user may not run: run npm run test:ops as root`;
    throw new Error(what, { cause });
  }
  onTestFinished(async () => {
    await run('umount', ['--lazy', folder]);
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

it('on a disk that is full, webhooks are answered 503, none that was accepted is lost, and space is enough to go on', async () => {
  const disk = await mounted('1m');
  const filler = join(disk, 'filler');
  await writeFile(filler, Buffer.alloc(600 * kibibyte, 1));
  const folder = join(disk, 'spool');
  await mkdir(folder, { mode: 0o700 });
  const bus = createMemoryBus();
  await writeSource(bus, 'github');
  const env = { INGRESS_SPOOL_DIR: folder };
  const first = await startMemoryIngress(env, bus);
  expect(await deliver(first.url, 'github', 'before')).toBe(200);
  bus.setReachable(false);
  const accepted = ['before'];
  let refused = 0;
  const send = async (name: string): Promise<number> => {
    const status = await deliver(first.url, 'github', name);
    if (status === 202) accepted.push(name);
    else refused += 1;
    return status;
  };
  const fill = async (prefix: string): Promise<void> => {
    for (let at = 0, until = refused + 5; refused < until; at += 1)
      expect([202, 503]).toContain(await send(`${prefix}-${at}`));
  };
  await fill('full');
  expect(accepted.length).toBeGreaterThan(20);
  const { bavail, bsize } = await statfs(disk);
  expect(bavail * bsize).toBeLessThan(16 * kibibyte);
  const failures = first.logger.lines.filter(({ event }) => event === 'spool.append-failed');
  expect(failures).toHaveLength(1);
  expect(failures[0]?.fields).toMatchObject({ detail: expect.stringContaining('ENOSPC') as unknown });

  await rm(filler);
  expect(await send('after-space')).toBe(202);
  await fill('full-again');
  await first.stop();

  // It starts on the full disk, without the brokers, with what the spool has; and drains it without any space.
  const second = await startMemoryIngress(env, bus, { isAway: true });
  bus.setReachable(true);
  await eventually(
    () => {
      const arrived = new Set(second.logged().map(({ event }) => event.callerId));
      expect(accepted.filter((name) => !arrived.has(name))).toEqual([]);
    },
    { timeoutMs: 30_000 },
  );
  await eventually(async () =>
    expect((await readdir(folder)).filter((name) => name.endsWith('.log'))).toEqual([]),
  );
  await eventually(async () => expect(await deliver(second.url, 'github', 'at-the-end')).toBe(200));
  expect((await readdir(folder)).filter((name) => name.endsWith('.bad'))).toEqual([]);
}, 120_000);
