import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ObjectStorage } from '@tidings/object-storage';
import { AppError } from '@tidings/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  aFolder,
  anExportJob,
  batchOf,
  countedRows,
  exportParts,
  fileOf,
  ranToEnd,
} from '../../test/exports/export-harness.ts';
import { purgeFiles } from './open-exports.ts';
import { releaseExport, runExport } from './run-export.ts';

let folder: Awaited<ReturnType<typeof aFolder>>;
let storage: ObjectStorage;
beforeEach(async () => {
  folder = await aFolder();
  storage = folder.open();
});
afterEach(async () => folder.remove());

const expected = (rows: number): string =>
  ['id,text', ...Array.from({ length: rows }, (_, n) => `${n},row ${n}`), ''].join('\r\n');

describe('an export', () => {
  it('writes a file in parts, and says that it is ready without a link', async () => {
    const { parts, events } = exportParts(storage, countedRows(400));
    const job = await ranToEnd(parts, anExportJob());
    expect((await fileOf(storage, job)).toString()).toBe(expected(400));
    expect(job).toMatchObject({ total: 400, done: 400, counts: { records: 400 } });
    expect(job.checkpoint.parts.length).toBeGreaterThan(2);
    expect(events).toMatchObject([
      {
        type: 'tidings.export.ready',
        data: { export_id: job.id, of: 'deliveries', total_records: 400, bytes: expected(400).length },
      },
    ]);
    expect(JSON.stringify(events)).not.toMatch(/signature|http|\/v1/);
    expect(await readdir(join(folder.folder, 'uploads'))).toEqual([]);
  });

  it.each([
    ['csv', false],
    ['csv', true],
    ['ndjson', true],
    ['ndjson', false],
  ] as const)('of nothing is a file without rows: %s, gzip %s', async (format, isGzip) => {
    const { parts } = exportParts(storage, countedRows(0));
    const job = await ranToEnd(parts, anExportJob({ format, isGzip }));
    const bytes = await fileOf(storage, job);
    expect((isGzip ? gunzipSync(bytes) : bytes).toString()).toBe(format === 'csv' ? 'id,text\r\n' : '');
    expect(job).toMatchObject({ total: 0, done: 0, counts: {} });
  });

  it('compresses part by part to one gzip file', async () => {
    const { parts } = exportParts(storage, countedRows(2_000));
    const job = await ranToEnd(parts, anExportJob({ isGzip: true }));
    expect(job.checkpoint.parts.length).toBeGreaterThan(2);
    expect(gunzipSync(await fileOf(storage, job)).toString()).toBe(expected(2_000));
  });

  it('has no row missing or twice after a crash at any boundary of its parts', async () => {
    const whole = await ranToEnd(exportParts(storage, countedRows(400)).parts, anExportJob());
    const batches = whole.checkpoint.parts.length + 2;
    for (let crashAt = 0; crashAt < batches; crashAt += 1) {
      const { parts, events } = exportParts(storage, countedRows(400));
      const id = `job_${String(crashAt).padStart(32, '0')}`;
      let job = { ...anExportJob(), id };
      for (let batch = 0; batch < crashAt; batch += 1) job = await batchOf(parts, job);
      // The batch is carried out, but the job is not saved: another process repeats it.
      await batchOf(parts, job);
      const resumed = { ...parts, storage: folder.open() };
      const ended = await ranToEnd(resumed, job);
      expect((await fileOf(storage, ended)).toString()).toBe(expected(400));
      expect(ended.counts).toEqual({ records: 400 });
      expect(new Set(events.map(({ cause }) => cause))).toEqual(new Set([id]));
    }
  });

  it('replaces a part that differs from the one of the run before', async () => {
    let text = 'old';
    const source = countedRows(100, { row: (n) => ({ id: n, text }) });
    const { parts } = exportParts(storage, source, 400);
    const started = await batchOf(parts, anExportJob());
    await batchOf(parts, started);
    text = 'new, and longer';
    const job = await ranToEnd(parts, started);
    const content = (await fileOf(storage, job)).toString();
    expect(content.match(/new, and longer/g)).toHaveLength(100);
    expect(content).not.toContain('old');
  });

  it('stops between pages once its run has lost the claim, and stores nothing', async () => {
    const lost = new AbortController();
    const source = countedRows(400, { onRead: () => lost.abort() });
    const { parts } = exportParts(storage, source);
    const started = await batchOf(parts, anExportJob());
    await expect(runExport(parts, started, lost.signal)).rejects.toThrow(/abort/i);
    const [upload = ''] = await readdir(join(folder.folder, 'uploads'));
    expect(await readdir(join(folder.folder, 'uploads', upload))).toEqual(['key']);
  });

  it('fails with the reason when the disk is full, and removes what it has stored', async () => {
    const full = new AppError({
      code: 'unavailable',
      message: 'The object storage in /data failed: the disk is full.',
      retryable: false,
    });
    const { parts, events } = exportParts(storage, countedRows(400));
    const started = await batchOf(parts, await batchOf(parts, anExportJob()));
    const putPart = async (): Promise<never> => {
      throw full;
    };
    const broken: ObjectStorage = Object.assign(Object.create(storage) as ObjectStorage, { putPart });
    await expect(
      runExport({ ...parts, storage: broken }, started, new AbortController().signal),
    ).rejects.toBe(full);
    await releaseExport(parts, { ...started, state: 'failed', endedAtMs: 7, error: full.message });
    expect(events).toMatchObject([
      { type: 'tidings.export.failed', data: { export_id: started.id, reason: full.message } },
    ]);
    expect(await readdir(join(folder.folder, 'uploads'))).toEqual([]);
  });

  it('that is cancelled leaves nothing and says nothing', async () => {
    const { parts, events } = exportParts(storage, countedRows(400));
    const started = await batchOf(parts, await batchOf(parts, anExportJob()));
    await releaseExport(parts, { ...started, state: 'cancelled', endedAtMs: 7 });
    expect(await readdir(join(folder.folder, 'uploads'))).toEqual([]);
    expect(events).toEqual([]);
  });
});

describe('old files', () => {
  it('are removed after 7 days', async () => {
    const { parts } = exportParts(storage, countedRows(4));
    const job = await ranToEnd(parts, anExportJob());
    const nowMs = job.checkpoint.file?.modifiedAtMs ?? 0;
    expect(await purgeFiles(storage, nowMs + 6 * 86_400_000)).toBe(0);
    expect((await fileOf(storage, job)).toString()).toBe(expected(4));
    expect(await purgeFiles(storage, nowMs + 7 * 86_400_000)).toBe(1);
    await expect(fileOf(storage, job)).rejects.toThrow('no file');
  });
});
