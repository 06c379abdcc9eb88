import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type ExportEvent, workspaceId } from '@tidings/contracts';
import { type ObjectStorage, openStorage, storageSettings } from '@tidings/object-storage';
import { loadConfig } from '@tidings/runtime';
import {
  type ExportCheckpoint,
  type ExportSpec,
  fileKey,
  firstCheckpoint,
} from '../../src/exports/domain/export-spec.ts';
import type { RowSource } from '../../src/exports/ports.ts';
import { type ExportJob, type RunExportParts, runExport } from '../../src/exports/run-export.ts';
import { advanced, newJob } from '../../src/jobs/domain/job.ts';

/** A source of `count` rows, in pages of 50. `onRead` is called before each page. */
export const countedRows = (
  count: number,
  { row = (n: number): object => ({ id: n, text: `row ${n}` }), onRead = (): void => {}, pageSize = 50 } = {},
): RowSource => ({
  columns: ['id', 'text'],
  check: () => {},
  count: async () => count,
  read: async (_, after) => {
    onRead();
    const from = (after as number | null) ?? 0;
    const end = Math.min(count, from + pageSize);
    const rows = Array.from({ length: end - from }, (__, at) => row(from + at));
    return { rows, read: rows.length, next: end === count ? null : end };
  },
});

/** Returns a new job of an export. */
export const anExportJob = (spec: Partial<ExportSpec> = {}): ExportJob =>
  newJob<ExportSpec, ExportCheckpoint>(
    {
      id: `job_${'0'.repeat(32)}`,
      kind: 'export',
      workspaceId: workspaceId('ws_demo'),
      ownerId: null,
      requestedBy: 'key_1',
      spec: {
        of: 'deliveries',
        format: 'csv',
        filter: {},
        isGzip: false,
        hasBom: false,
        poison: 'none',
        beforeMs: 1_790_000_000_000,
        ...spec,
      },
      checkpoint: firstCheckpoint,
      ratePerSecond: null,
    },
    1_790_000_000_000,
  ) as ExportJob;

/** Opens a storage in a new folder. `open`: opens it again, as another process does. */
export const aFolder = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-exports-'));
  const open = (): ObjectStorage =>
    openStorage(loadConfig(storageSettings, { OBJECT_STORAGE_FOLDER: folder }));
  return { folder, open, remove: async () => rm(folder, { recursive: true, force: true }) };
};

/** Returns the dependencies of an export of one source, and the events that it publishes. */
export const exportParts = (storage: ObjectStorage, source: RowSource, partBytes = 1_000) => {
  const events: ExportEvent[] = [];
  const parts: RunExportParts = {
    storage,
    sources: { events: source, deliveries: source, attempts: source, dead_letters: source, audit: source },
    publish: async (event) => void events.push(event),
    erasuresOf: () => [],
    partBytes,
  };
  return { parts, events };
};

/** Carries out one batch and returns the job after it. */
export const batchOf = async (
  parts: RunExportParts,
  job: ExportJob,
): Promise<ExportJob & { isAtEnd: boolean }> => {
  const result = await runExport(parts, job, new AbortController().signal);
  return { ...(advanced(job, result, 1) as ExportJob), isAtEnd: result.isAtEnd };
};

/** Carries out an export to its end. */
export const ranToEnd = async (parts: RunExportParts, from: ExportJob): Promise<ExportJob> => {
  for (let job = { ...from, isAtEnd: false }; ; ) {
    job = await batchOf(parts, job);
    if (job.isAtEnd) return job;
  }
};

/** Returns the bytes of the file of an export. */
export const fileOf = async (
  storage: ObjectStorage,
  { workspaceId: workspace, id }: ExportJob,
): Promise<Buffer> => {
  const found = await storage.get(fileKey(workspace, id));
  if (found === null) throw new Error('there is no file');
  return buffer(found.body);
};
