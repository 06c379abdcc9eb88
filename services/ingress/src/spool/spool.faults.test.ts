import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fakeClock } from '@tidings/runtime/testing';
import { eventually } from '@tidings/testing';
import { describe, expect, it } from 'vitest';
import { anEvent, aRecord, hastyClock, MortalLog, numberOf, openSpoolWorld } from '../../test/spool-world.ts';
import { aFolder } from '../../test/spooled-sources.ts';
import { diskFiles } from './adapters/disk-files.ts';
import type { SpoolFiles } from './spool-files.ts';

const failure = Object.assign(new Error('EIO: the disk fails'), { code: 'EIO' });
const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

/** Opens a folder whose steps fail while `isFailing` returns true of the step and its file. */
function failingFiles(
  folder: string,
  isFailing: (step: string, name: string, content: unknown) => boolean,
): SpoolFiles {
  return new Proxy(diskFiles(folder), {
    get:
      (real, step: keyof SpoolFiles) =>
      async (...all: [string, never, never]) => {
        if (isFailing(step, all[0], all[1])) throw failure;
        return real[step](...all);
      },
  });
}

/** Fails to write `.bad` files for some attempts. */
function refusingBad(attempts: number): (step: string, name: string) => boolean {
  let left = attempts;
  return (step, name) => {
    if (step !== 'replace' || !name.endsWith('.bad') || left === 0) return false;
    left -= 1;
    return true;
  };
}

const badIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith('.bad'));

/** Changes a byte of a record in the only segment of a folder. */
async function damage(folder: string, number: number): Promise<void> {
  const name = (await readdir(folder)).find((one) => one.endsWith('.log')) ?? '';
  const bytes = await readFile(join(folder, name));
  const at = bytes.indexOf(`"number":${number}`);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(join(folder, name), bytes);
}

describe('a spool on a disk that fails', () => {
  it('drains what it accepts after its last checkpoint could not be written', async () => {
    const folder = await aFolder();
    // The checkpoint that says that the first segment is drained.
    const isLast = (content: unknown): boolean => String(content).startsWith('2 ');
    const files = failingFiles(
      folder,
      (step, name, content) => step === 'replace' && name === 'checkpoint' && isLast(content),
    );
    const log = new MortalLog();
    const first = await openSpoolWorld(files, log, { segmentBytes: 1e6, maxBytes: 1e7 });
    // More than one batch, in one segment.
    await first.spool.append(numbers(900).map((n) => aRecord(n, 'k')));
    const drainer = first.startDraining();
    await eventually(() => expect(first.spool.state.bytes).toBe(0));
    await drainer.close();
    await first.spool.close();
    const second = await openSpoolWorld(diskFiles(folder), log);
    await second.spool.append([aRecord(1_001, 'k'), aRecord(1_002, 'k')]);
    const draining = second.startDraining();
    await eventually(() => expect(second.spool.state.bytes).toBe(0));
    await draining.close();
    expect(log.records.map(numberOf).filter((n) => n > 1_000)).toEqual([1_001, 1_002]);
  });

  it('keeps a damaged record for as long as it cannot be kept aside, and drains the others once', async () => {
    const folder = await aFolder();
    const before = await openSpoolWorld(diskFiles(folder), new MortalLog(), { segmentBytes: 1e6 });
    await before.spool.append(numbers(5).map((n) => aRecord(n, 'k')));
    await before.spool.close();
    await damage(folder, 3);
    const files = failingFiles(folder, refusingBad(3));
    const log = new MortalLog();
    const { spool, startDraining, metric } = await openSpoolWorld(files, log, { clock: hastyClock });
    const drainer = startDraining();
    await eventually(() => expect(spool.state).toMatchObject({ records: 0, bytes: 0, oldestAgeMs: 0 }));
    await drainer.close();
    expect(log.records.map(numberOf)).toEqual([1, 2, 4, 5]);
    expect(await badIn(folder)).toHaveLength(1);
    expect(await metric('tidings_ingress_spool_bad_records_total')).toBe(1);
    expect(await metric('tidings_ingress_spool_drained_events_total')).toBe(4);
  });

  it('sends nothing again while it cannot keep a refused record aside', async () => {
    const folder = await aFolder();
    const files = failingFiles(folder, refusingBad(3));
    const log = new MortalLog();
    log.refuses = (record) => numberOf(record) === 3;
    const { spool, startDraining, metric } = await openSpoolWorld(files, log, { clock: hastyClock });
    await spool.append(numbers(5).map((n) => aRecord(n, 'k')));
    const drainer = startDraining();
    await eventually(() => expect(spool.state.bytes).toBe(0));
    await drainer.close();
    expect(log.records.map(numberOf)).toEqual([1, 2, 4, 5]);
    expect(await badIn(folder)).toHaveLength(1);
    expect(await metric('tidings_ingress_spool_bad_records_total')).toBe(1);
  });
});

describe('a segment that cannot be read', () => {
  it.each(['by the process that wrote it', 'by the next'])(
    '%s is kept aside, and holds nothing up',
    async (who) => {
      const folder = await aFolder();
      let unreadable = '';
      const files = failingFiles(folder, (step, name) => step.startsWith('read') && name === unreadable);
      const log = new MortalLog();
      const options = { segmentBytes: 1, clock: hastyClock };
      let world = await openSpoolWorld(files, log, options);
      for (const n of [1, 2, 3]) await world.spool.append([aRecord(n, n === 2 ? 'b' : 'a')]);
      unreadable = (await readdir(folder)).filter((name) => name.endsWith('.log')).toSorted()[1] ?? '';
      if (who === 'by the next') {
        await world.spool.close();
        world = await openSpoolWorld(files, log, options);
      }
      const { spool, startDraining, metric } = world;
      const drainer = startDraining();
      await eventually(() => expect(spool.state).toMatchObject({ records: 0, bytes: 0 }));
      expect(log.records.map(numberOf)).toEqual([1, 3]);
      expect(await badIn(folder)).toEqual([`${unreadable}.bad`]);
      expect(await metric('tidings_ingress_spool_bad_records_total')).toBe(1);
      await spool.append([aRecord(4, 'b')]);
      await eventually(() => expect(log.records.map(numberOf)).toEqual([1, 3, 4]));
      await drainer.close();
    },
  );
});

describe('a disk that does not answer', () => {
  it('is given up at a deadline, and what waits for it counts no more', async () => {
    const folder = await aFolder();
    const clock = fakeClock();
    let answer = (): void => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const real = diskFiles(folder);
    const sync = async (name: string): Promise<void> => answered.then(async () => real.sync(name));
    const files = new Proxy(real, {
      get: (target, step: keyof SpoolFiles) => (step === 'sync' ? sync : target[step].bind(target)),
    });
    const { spool } = await openSpoolWorld(files, new MortalLog(), { clock });
    const appends = [1, 2].map(async (n) => spool.append([aRecord(n, `k${n}`)]));
    const results = Promise.allSettled(appends);
    await clock.advance(6_000);
    for (const result of await results)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
    // The first may be on the disk.
    expect([1, 2].map((n) => spool.holds(`ws_spool k${n}`))).toEqual([true, false]);
    expect(spool.state).toMatchObject({ records: 1, failingMs: 6_000 });
    answer();
    await eventually(() => expect(spool.state).toMatchObject({ records: 1, failingMs: 0 }));
    await spool.append([aRecord(3)]);
    await spool.close();
  });
});

describe('a partition that takes nothing', () => {
  it('holds up its own records alone, waiting and new', async () => {
    const log = new MortalLog();
    const { spool, publisher, startDraining } = await openSpoolWorld(diskFiles(await aFolder()), log);
    const [stuck, other] = ['a', 'b'];
    const publish = async (number: number, key: string): Promise<string> =>
      publisher.publish([anEvent(number, key)], { maySpool: true });
    const drainer = startDraining();
    log.isAway = true;
    for (const [number, key] of [
      [1, stuck],
      [2, other],
      [3, stuck],
      [4, other],
    ] as const)
      expect(await publish(number, key)).toBe('spool');
    log.return(({ key }) => key === stuck);
    await eventually(() => expect(log.records.map(numberOf)).toEqual([2, 4]));
    await eventually(async () => expect(spool.holds(`ws_spool ${other}`)).toBe(false));
    expect(await publish(5, other)).toBe('log');
    expect(await publish(6, stuck)).toBe('spool');
    log.return();
    await eventually(() => expect(log.records.map(numberOf)).toEqual([2, 4, 5, 1, 3, 6]));
    await eventually(() => expect(spool.state).toMatchObject({ records: 0, bytes: 0 }));
    await drainer.close();
  });
});
