import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { eventually } from '@tidings/testing';
import { expect, it } from 'vitest';
import { diskFiles } from '../src/spool/adapters/disk-files.ts';
import { lockFolder } from '../src/spool/adapters/folder-lock.ts';
import { MortalLog, numberOf, openSpoolWorld } from './spool-world.ts';
import { aFolder } from './spooled-sources.ts';

const program = fileURLToPath(new URL('../dist/test/append-until-killed.js', import.meta.url));

/** Runs a process that appends, and kills it when it has confirmed some. Returns what it has confirmed. */
async function appendUntilKilled(folder: string, first: number, count: number): Promise<number[]> {
  const child = spawn(process.execPath, [program, folder, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (text.split('\n').length > count) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.once('close', resolve));
  // The last line may be cut.
  return text.split('\n').slice(0, -1).map(Number);
}

it('a spool has all that a process had confirmed when it was killed with SIGKILL, in order, and takes its folder over', async () => {
  const folder = await aFolder();
  const confirmed: number[] = [];
  for (const [at, count] of [30, 7, 61].entries())
    confirmed.push(...(await appendUntilKilled(folder, at * 10_000, count)));
  expect(confirmed.length).toBeGreaterThanOrEqual(98);
  const lock = await lockFolder(folder);
  const log = new MortalLog();
  const { spool, startDraining } = await openSpoolWorld(diskFiles(folder), log, { maxBytes: 1e9 });
  const drainer = startDraining();
  await eventually(() => expect(spool.state.bytes).toBe(0));
  await drainer.close();
  await spool.close();
  await lock.release();
  const arrived = log.records.map(numberOf);
  const known = new Set(arrived);
  expect(confirmed.filter((number) => !known.has(number))).toEqual([]);
  for (const rest of [0, 1, 2, 3]) {
    const ofKey = arrived.filter((number) => number % 4 === rest);
    expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
  }
});
