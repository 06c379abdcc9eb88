import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { SmallDisk } from './small-disk.ts';

const mebibyte = 1024 * 1024;

const mounted = (folder: string): SmallDisk | Error => {
  try {
    return SmallDisk.mount(folder, 4 * mebibyte);
  } catch (error) {
    return error as Error;
  }
};

it('is full until its space is freed; where nothing may be mounted, mount says why', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-disk-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const disk = mounted(join(folder, 'disk'));
  if (disk instanceof Error) {
    expect(disk.message).toContain('mount');
    return;
  }
  onTestFinished(() => disk.unmount());
  const write = () => writeFileSync(join(folder, 'disk', 'file'), Buffer.alloc(mebibyte));
  write();
  const free = await disk.fill();
  expect(() => writeFileSync(join(folder, 'disk', 'other'), 'x')).toThrow('ENOSPC');
  free();
  write();
});
