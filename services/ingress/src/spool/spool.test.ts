import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordingLogger } from '@tidings/observability/testing';
import { eventually } from '@tidings/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aRecord, MortalLog, numberOf, openSpoolWorld } from '../../test/spool-world.ts';
import { diskFiles } from './adapters/disk-files.ts';
import { lockFolder } from './adapters/folder-lock.ts';
import type { SpoolFiles } from './spool-files.ts';

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-spool-'));
  onTestFinished(async () => rm(folder, { recursive: true, force: true }));
  return folder;
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);
const segmentsIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith('.log')).toSorted();

/** Drains a folder and returns the numbers that arrived. */
async function drained(folder: string, options: Parameters<typeof openSpoolWorld>[2] = {}) {
  const log = new MortalLog();
  const { spool, startDraining, metric } = await openSpoolWorld(diskFiles(folder), log, options);
  const drainer = startDraining();
  await eventually(() => expect(spool.state.bytes).toBe(0));
  await drainer.close();
  await spool.close();
  return { arrived: log.records.map(numberOf), records: log.records, metric };
}

describe('a spool', () => {
  it('keeps records over a restart, byte for byte, and brings them to the log in order with their times', async () => {
    const folder = await aFolder();
    const { spool } = await openSpoolWorld(diskFiles(folder), new MortalLog());
    await Promise.all(numbers(30).map(async (n) => spool.append([aRecord(n, 'k')])));
    expect(spool.state.records).toBe(30);
    expect(spool.holds('ws_spool k')).toBe(true);
    expect(spool.holds('ws_other k')).toBe(false);
    await spool.close();
    const { records } = await drained(folder);
    expect(records).toEqual(numbers(30).map((n) => expect.objectContaining(aRecord(n, 'k')) as unknown));
  });

  it('is read by this user alone', async () => {
    const folder = join(await aFolder(), 'made', 'here');
    const lock = await lockFolder(folder);
    const { spool } = await openSpoolWorld(diskFiles(folder), new MortalLog());
    await spool.append([aRecord(1)]);
    const modeOf = async (name: string): Promise<number> => (await stat(join(folder, name))).mode & 0o777;
    expect(await modeOf('.')).toBe(0o700);
    for (const name of await segmentsIn(folder)) expect(await modeOf(name)).toBe(0o600);
    await spool.close();
    await drained(folder);
    expect(await modeOf('checkpoint')).toBe(0o600);
    await lock.release();
  });

  it('is not shared by two processes, and is taken over from one that was killed', async () => {
    const folder = join(await aFolder(), 'x'.repeat(120));
    const lock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'conflict' });
    await lock.release();
    // A socket without a listener is what a killed process leaves.
    await writeFile(join(folder, 'lock'), '');
    const next = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toThrow(folder);
    await next.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('cannot be in a folder that is none', async () => {
    const file = join(await aFolder(), 'file');
    await writeFile(file, '');
    await expect(lockFolder(file)).rejects.toMatchObject({ code: 'config-invalid' });
  });

  it('goes on after it was empty, also over restarts', async () => {
    const folder = await aFolder();
    for (const n of [1, 2, 3]) {
      const { spool } = await openSpoolWorld(diskFiles(folder), new MortalLog());
      await spool.append([aRecord(n)]);
      await spool.close();
      expect((await drained(folder)).arrived).toEqual([n]);
    }
    expect(await segmentsIn(folder)).toEqual([]);
  });

  it('refuses with 503 what exceeds its maximum, and takes more when it was drained', async () => {
    const folder = await aFolder();
    const log = new MortalLog();
    const { spool, startDraining, metric } = await openSpoolWorld(diskFiles(folder), log, {
      maxBytes: 3_000,
    });
    const results = await Promise.allSettled(numbers(20).map(async (n) => spool.append([aRecord(n, 'k')])));
    const taken = results.filter(({ status }) => status === 'fulfilled').length;
    expect(taken).toBeGreaterThan(3);
    expect(results.at(-1)).toMatchObject({ reason: { code: 'unavailable', retryAfterMs: 2_000 } });
    expect(await metric('tidings_ingress_spool_refused_total')).toBe(20 - taken);
    const drainer = startDraining();
    await eventually(() => expect(spool.state).toMatchObject({ records: 0, bytes: 0, oldestAgeMs: 0 }));
    await spool.append([aRecord(21, 'k')]);
    await eventually(() => expect(log.records.map(numberOf)).toEqual([...numbers(taken), 21]));
    await drainer.close();
  });

  it('keeps a damaged record aside, says so, and brings those behind it to the log', async () => {
    const folder = await aFolder();
    const { spool } = await openSpoolWorld(diskFiles(folder), new MortalLog(), { segmentBytes: 100_000 });
    await spool.append(numbers(5).map((n) => aRecord(n, 'k')));
    await spool.close();
    const [name = ''] = await segmentsIn(folder);
    const bytes = await readFile(join(folder, name));
    const at = bytes.indexOf('"number":3');
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(join(folder, name), bytes);
    const logger = recordingLogger();
    const { arrived, metric } = await drained(folder, { logger });
    expect(arrived).toEqual([1, 2, 4, 5]);
    const [bad = ''] = (await readdir(folder)).filter((file) => file.endsWith('.bad'));
    expect((await readFile(join(folder, bad))).toString()).toContain(',"filler":"xxx"}');
    expect(await metric('tidings_ingress_spool_bad_records_total')).toBe(1);
    expect(logger.lines.filter(({ level }) => level === 'error').map(({ event }) => event)).toEqual([
      'spool.recovered',
      'spool.bad-record',
    ]);
  });

  it('is drained again from its beginning when its checkpoint is damaged', async () => {
    const folder = await aFolder();
    const { spool } = await openSpoolWorld(diskFiles(folder), new MortalLog());
    await spool.append([aRecord(1, 'k'), aRecord(2, 'k')]);
    await spool.close();
    await writeFile(join(folder, 'checkpoint'), '9 9 nonsense');
    expect((await drained(folder)).arrived).toEqual([1, 2]);
  });

  it('keeps aside what the log refuses for ever, and goes on', async () => {
    const folder = await aFolder();
    const log = new MortalLog();
    const { spool, startDraining, metric } = await openSpoolWorld(diskFiles(folder), log);
    log.refuses = (record) => numberOf(record) === 2;
    await spool.append(numbers(4).map((n) => aRecord(n, 'k')));
    const drainer = startDraining();
    await eventually(() => expect(spool.state.bytes).toBe(0));
    await drainer.close();
    expect(log.records.map(numberOf)).toEqual([1, 3, 4]);
    expect((await readdir(folder)).filter((file) => file.endsWith('.bad'))).toHaveLength(1);
    expect(await metric('tidings_ingress_spool_bad_records_total')).toBe(1);
  });
});

describe('a disk that fails', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });

  it.each(['create', 'write', 'sync'] as const)(
    'at %s: 503, and nothing of it counts; later it works again',
    async (step) => {
      const folder = await aFolder();
      const real = diskFiles(folder);
      let isFailing = false;
      const files: SpoolFiles = {
        ...{ list: async () => real.list(), read: async (name) => real.read(name) },
        ...{
          readPart: async (...part) => real.readPart(...part),
          rename: async (...both) => real.rename(...both),
        },
        ...{ truncate: async (name, size) => real.truncate(name, size), close: async () => real.close() },
        ...{
          replace: async (name, bytes) => real.replace(name, bytes),
          remove: async (name) => real.remove(name),
        },
        create: async (name) => {
          if (isFailing && step === 'create') throw full;
          await real.create(name);
        },
        write: async (name, bytes, position) => {
          const isShort = isFailing && step === 'write';
          await real.write(name, isShort ? bytes.subarray(0, bytes.length >> 1) : bytes, position);
          if (isShort) throw full;
        },
        sync: async (name) => {
          if (isFailing && step === 'sync') throw full;
          await real.sync(name);
        },
      };
      const log = new MortalLog();
      const { spool, startDraining, metric } = await openSpoolWorld(files, log, {
        segmentBytes: step === 'create' ? 1 : 1_000,
      });
      await spool.append([aRecord(1, 'k')]);
      isFailing = true;
      for (let tries = 0; tries < 3; tries += 1)
        await expect(spool.append([aRecord(2, 'lost')])).rejects.toMatchObject({ code: 'unavailable' });
      expect(spool.holds('ws_spool lost')).toBe(false);
      expect(await metric('tidings_ingress_spool_refused_total')).toBe(3);
      isFailing = false;
      await spool.append([aRecord(3, 'k')]);
      const drainer = startDraining();
      await eventually(() => expect(spool.state.records).toBe(0));
      await drainer.close();
      // What was answered 503 may be there.
      expect(log.records.map(numberOf).filter((n) => n !== 2)).toEqual([1, 3]);
      await spool.close();
    },
  );
});
