import { consumerId, type DataErased, eventId, workspaceId } from '@tidings/contracts';
import type { ObjectStorage } from '@tidings/object-storage';
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
import { createMemoryJobStore } from '../../test/jobs/memory-job-store.ts';
import { fileKey, firstCheckpoint } from './domain/export-spec.ts';
import { mayContain } from './domain/may-contain.ts';
import { eraseExportPage } from './erase-exports.ts';
import type { ExportJob } from './run-export.ts';

let folder: Awaited<ReturnType<typeof aFolder>>;
let storage: ObjectStorage;
beforeEach(async () => {
  folder = await aFolder();
  storage = folder.open();
});
afterEach(async () => folder.remove());

const anErasure = (over: Partial<DataErased> = {}): DataErased => ({
  ...{ type: 'DataErased.v1', erasureId: `job_${'e'.repeat(32)}`, workspaceId: workspaceId('ws_demo') },
  ...{ scope: { kind: 'consumer', consumerId: consumerId('acme') }, beforeMs: 1, requestedBy: 'key_1' },
  ...{ requestedAtMs: 1, reason: null },
  ...over,
});

/** An export of rows that say whether they are erased; `erase` makes them, and the erasure known to it. */
const setUp = () => {
  let erased = '';
  const known: string[] = [];
  const { parts, events } = exportParts(
    storage,
    countedRows(400, { row: (n) => ({ id: n, text: `${erased}row ${n}` }) }),
  );
  const erase = (id = anErasure().erasureId) => {
    known.push(id);
    erased = 'erased ';
  };
  return { parts: { ...parts, erasuresOf: () => [...known] }, events, erase };
};

const stored = async (job: ExportJob, state: ExportJob['state']) => {
  const jobs = createMemoryJobStore();
  await jobs.insert({ ...job, state, isDue: false });
  const page = async (erasure = anErasure()) => eraseExportPage({ jobs, storage }, erasure, null);
  return { jobs, page, now: () => jobs.all()[0] as ExportJob };
};

describe('an erasure during an export', () => {
  it('makes it begin again, once, wherever it was', async () => {
    const { parts: plain } = exportParts(storage, countedRows(400));
    const batches = (await ranToEnd(plain, anExportJob())).checkpoint.parts.length + 2;
    for (let at = 1; at < batches; at += 1) {
      const { parts, events, erase } = setUp();
      let job: ExportJob = anExportJob();
      for (let done = 0; done < at; done += 1) job = await batchOf(parts, job);
      erase();
      const whole = await ranToEnd(parts, job);
      const text = (await fileOf(storage, whole)).toString();
      expect(text.match(/erased row/g)).toHaveLength(400);
      expect(text.match(/row/g)).toHaveLength(400);
      expect(whole).toMatchObject({ total: 400, done: 400, counts: { records: 400 } });
      expect(events).toMatchObject([{ data: { total_records: 400 } }]);
    }
  });

  it('is waited for until the run has begun again', async () => {
    const { parts, erase } = setUp();
    const reading = await batchOf(parts, await batchOf(parts, anExportJob()));
    erase();
    const { page } = await stored(reading, 'running');
    expect(await page()).toMatchObject({ exports: 0, isWaiting: true });
    const begun = await batchOf(parts, await batchOf(parts, reading));
    const again = await stored(begun, 'running');
    expect(await again.page()).toMatchObject({ exports: 0, isWaiting: false });
  });

  it('removes what a paused one has stored', async () => {
    const { parts, erase } = setUp();
    const reading = await batchOf(parts, await batchOf(parts, anExportJob()));
    const { page, now } = await stored(reading, 'paused');
    erase();
    expect(await page()).toMatchObject({ exports: 1, isWaiting: false });
    expect(now()).toMatchObject({ checkpoint: firstCheckpoint, counts: {}, done: 0, state: 'paused' });
    expect(await storage.abortUploads('exports/', Number.MAX_SAFE_INTEGER)).toBe(0);
  });
});

it('deletes the file of a finished export, and a repeat finds nothing left', async () => {
  const done = await ranToEnd(setUp().parts, anExportJob());
  const { page, now } = await stored(done, 'done');
  expect(await page()).toEqual({ exports: 1, isWaiting: false, next: null });
  expect(now().checkpoint).toMatchObject({ file: null, isErased: true });
  expect(await storage.head(fileKey('ws_demo', done.id))).toBeNull();
  expect(await page()).toEqual({ exports: 0, isWaiting: false, next: null });
});

it('leaves exports that cannot contain it', () => {
  const acme = anErasure();
  const event = anErasure({ scope: { kind: 'event', eventId: eventId(`evt_${'a'.repeat(32)}`) } });
  const of = (over: object, spec: object = {}) => {
    const { workspaceId: workspace, ownerId, spec: whole } = { ...anExportJob(spec), ...over };
    return { workspaceId: workspace, ownerId, spec: whole };
  };
  const globex = consumerId('globex');
  expect(mayContain(of({}), acme)).toBe(true);
  expect(mayContain(of({ ownerId: 'acme' }), acme)).toBe(true);
  expect(mayContain(of({ ownerId: globex }), event)).toBe(true);
  expect(mayContain(of({ ownerId: globex }), acme)).toBe(false);
  expect(mayContain(of({ workspaceId: workspaceId('ws_other') }), acme)).toBe(false);
  expect(mayContain(of({}, { of: 'audit' }), acme)).toBe(false);
  expect(mayContain(of({}, { filter: { consumer_id: 'globex' } }), acme)).toBe(false);
  expect(mayContain(of({}, { filter: { event_id: `evt_${'b'.repeat(32)}` } }), event)).toBe(false);
});
