import { recordingLogger } from '@tidings/observability/testing';
import { fakeClock } from '@tidings/runtime/testing';
import { eventually } from '@tidings/testing';
import { expect, it } from 'vitest';
import { anEvent, aRecord, MortalLog, openSpoolWorld } from '../../test/spool-world.ts';
import { aFolder } from '../../test/spooled-sources.ts';
import { diskFiles } from './adapters/disk-files.ts';

async function open(options: Parameters<typeof openSpoolWorld>[2] = {}) {
  const logger = recordingLogger();
  const log = new MortalLog();
  const folder = await aFolder();
  const world = await openSpoolWorld(diskFiles(folder), log, { logger, ...options });
  const lines = (): string[] =>
    logger.lines.filter(({ level }) => level !== 'debug').map(({ level, event }) => `${level} ${event}`);
  const fieldsOf = (event: string) => logger.lines.find((line) => line.event === event)?.fields;
  const publish = async (number: number) =>
    world.publisher.publish([anEvent(number, 'k')], { maySpool: true });
  return { ...world, log, folder, logger, lines, fieldsOf, publish };
}

it('an outage is one line when it begins, with the reason, and one when everything is in the log', async () => {
  const { log, publish, lines, fieldsOf, startDraining, spool } = await open();
  const drainer = startDraining();
  for (const outage of [1, 2]) {
    log.isAway = true;
    for (const number of [1, 2, 3, 4]) expect(await publish(10 * outage + number)).toBe('spool');
    const filling = Array.from({ length: outage - 1 }, () => ['warn spool.filling', 'info spool.drained']);
    expect(lines()).toEqual([...filling.flat(), 'warn spool.filling']);
    log.return();
    await eventually(() => expect(lines()).toHaveLength(2 * outage));
    expect(spool.state.records).toBe(0);
  }
  expect(fieldsOf('spool.filling')).toMatchObject({ detail: 'no answer', records: 1 });
  expect(fieldsOf('spool.drained')).toMatchObject({
    records: 4,
    seconds: expect.any(Number) as number,
  });
  await drainer.close();
  await spool.close();
  expect(lines()).toHaveLength(4);
});

it('a full spool is one line a minute, with the number of requests since the last', async () => {
  const clock = fakeClock();
  const { log, publish, lines, logger } = await open({ maxBytes: 1_000, clock });
  log.isAway = true;
  expect(await publish(1)).toBe('spool');
  const refuse = async (): Promise<void> => {
    for (let refused = 0; refused < 3; )
      await publish(9).catch(() => {
        refused += 1;
      });
  };
  await refuse();
  expect(lines()).toEqual(['warn spool.filling', 'error spool.full']);
  await clock.advance(60_000);
  await refuse();
  expect(lines()).toEqual(['warn spool.filling', 'error spool.full', 'error spool.full']);
  const [first, second] = logger.lines
    .filter(({ event }) => event === 'spool.full')
    .map(({ fields }) => fields);
  expect(first).toMatchObject({
    requests: 1,
    detail: expect.stringContaining('maximum of 1000 bytes') as unknown,
  });
  expect(second).toMatchObject({ requests: 3 });
});

it('a stop says what it leaves, and the next start what it found', async () => {
  const { log, publish, lines, fieldsOf, spool, folder } = await open();
  log.isAway = true;
  await publish(1);
  await publish(2);
  await spool.close();
  expect(lines()).toEqual(['warn spool.filling', 'warn spool.left']);
  expect(fieldsOf('spool.left')).toMatchObject({ records: 2 });
  const logger = recordingLogger();
  const next = await openSpoolWorld(diskFiles(folder), new MortalLog(), { logger });
  const drainer = next.startDraining();
  await eventually(() => expect(logger.lines.map(({ event }) => event)).toContain('spool.drained'));
  expect(logger.lines.filter(({ level }) => level !== 'debug')).toMatchObject([
    { event: 'spool.recovered', fields: { records: 2 } },
    { event: 'spool.drained', fields: { records: 2 } },
  ]);
  await drainer.close();
  await next.spool.close();
  expect(logger.lines.map(({ event }) => event)).not.toContain('spool.left');
});

it('a disk that fails is one line', async () => {
  const logger = recordingLogger();
  const files = Object.assign(diskFiles(await aFolder()), {
    write: async () => Promise.reject(new Error('ENOSPC: no space left')),
  });
  const { spool } = await openSpoolWorld(files, new MortalLog(), { logger });
  for (const number of [1, 2, 3]) await expect(spool.append([aRecord(number)])).rejects.toThrow();
  expect(logger.lines).toMatchObject([
    { event: 'spool.append-failed', fields: { detail: 'ENOSPC: no space left' } },
  ]);
});
