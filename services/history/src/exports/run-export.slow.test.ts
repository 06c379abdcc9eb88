import type { ObjectStorage } from '@tidings/object-storage';
import { expect, it } from 'vitest';
import { anExportJob, countedRows, exportParts, ranToEnd } from '../../test/exports/export-harness.ts';

const megabyte = 1024 * 1024;

/** A storage that counts and forgets. */
const countingStorage = () => {
  const counted = { bytes: 0, parts: 0 };
  const storage = {
    startUpload: async (key: string) => ({ key, id: 'upload' }),
    putPart: async (_: unknown, number: number, body: Buffer) => {
      counted.bytes += body.length;
      counted.parts += 1;
      return { number, bytes: body.length, tag: '' };
    },
    completeUpload: async () => ({ key: '', bytes: counted.bytes, modifiedAtMs: 1 }),
  };
  return { counted, storage: storage as unknown as ObjectStorage };
};

it('keeps its memory flat over 1,000,000 rows', { timeout: 120_000 }, async () => {
  let peak = 0;
  const begin = process.memoryUsage();
  const text = 'x'.repeat(200);
  const source = countedRows(1_000_000, {
    pageSize: 500,
    row: (n) => ({ id: n, text }),
    onRead: () => {
      const { arrayBuffers, heapUsed } = process.memoryUsage();
      peak = Math.max(peak, arrayBuffers + heapUsed - begin.arrayBuffers - begin.heapUsed);
    },
  });
  const { counted, storage } = countingStorage();
  const { parts } = exportParts(storage, source, 8 * megabyte);
  const job = await ranToEnd(parts, anExportJob());
  expect(job.counts).toEqual({ records: 1_000_000 });
  expect(counted.bytes).toBeGreaterThan(190 * megabyte);
  // A part is copied once when its chunks are joined; the rest is garbage that is not collected yet.
  expect(peak).toBeLessThan(120 * megabyte);
});
