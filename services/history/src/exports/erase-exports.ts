import type { DataErased } from '@tidings/contracts';
import type { ObjectStorage } from '@tidings/object-storage';
import type { JobPosition, JobStore } from '../jobs/ports.ts';
import { fileKey, firstCheckpoint } from './domain/export-spec.ts';
import { mayContain } from './domain/may-contain.ts';
import { type ExportJob, uploadOf } from './run-export.ts';

/** The dependencies of erasing exports. */
export type EraseExportsParts = Readonly<{
  jobs: Pick<JobStore, 'list' | 'save'>;
  storage: Pick<ObjectStorage, 'delete' | 'abortUpload'>;
}>;

/** `isWaiting`: an export that runs has not begun again yet. `next`: null at the end. */
export type ErasedExports = Readonly<{ exports: number; isWaiting: boolean; next: JobPosition | null }>;

const atOnce = 100;

/** Removes the file of a finished export; its job says so. Returns false if the job has changed meanwhile. */
const deleteFile = async ({ jobs, storage }: EraseExportsParts, job: ExportJob): Promise<boolean> => {
  // In this order, a crash leaves a job whose file is removed again.
  await storage.delete(fileKey(job.workspaceId, job.id));
  return jobs.save({ ...job, checkpoint: { ...job.checkpoint, file: null, isErased: true } });
};

/** Lets an export that does not run begin again. Returns false if the job has changed meanwhile. */
const beginAgain = async ({ jobs, storage }: EraseExportsParts, job: ExportJob): Promise<boolean> => {
  const upload = uploadOf(job);
  if (upload === null) return true;
  const isSaved = await jobs.save({ ...job, checkpoint: firstCheckpoint, counts: {}, done: 0, total: null });
  if (isSaved) await storage.abortUpload(upload);
  return isSaved;
};

const eraseOne = async (
  parts: EraseExportsParts,
  job: ExportJob,
  { erasureId }: DataErased,
): Promise<'untouched' | 'erased' | 'waiting'> => {
  const { checkpoint } = job;
  switch (job.state) {
    case 'done':
      if (checkpoint.file === null) return 'untouched';
      return (await deleteFile(parts, job)) ? 'erased' : 'waiting';
    case 'queued':
    case 'paused':
      if (checkpoint.uploadId === null) return 'untouched';
      return (await beginAgain(parts, job)) ? 'erased' : 'waiting';
    case 'running':
      return checkpoint.uploadId === null || checkpoint.erasures?.includes(erasureId) === true
        ? 'untouched'
        : 'waiting';
    // Their runs have removed what they had stored.
    case 'failed':
    case 'cancelled':
      return 'untouched';
  }
};

/**
 * Removes the files of one page of exports that may contain what an erasure covers, and lets those begin again that are
 * not finished. One that runs does so by itself.
 */
export const eraseExportPage = async (
  parts: EraseExportsParts,
  erasure: DataErased,
  after: JobPosition | null,
): Promise<ErasedExports> => {
  const { workspaceId } = erasure;
  const found = await parts.jobs.list(
    { workspaceId, ownerId: null, kind: 'export' },
    { limit: atOnce, after },
  );
  let exports = 0;
  let isWaiting = false;
  for (const job of found as readonly ExportJob[]) {
    if (!mayContain(job, erasure)) continue;
    const result = await eraseOne(parts, job, erasure);
    if (result === 'erased') exports += 1;
    if (result === 'waiting') isWaiting = true;
  }
  const last = found.at(-1);
  const isEnd = last === undefined || found.length < atOnce;
  return { exports, isWaiting, next: isEnd ? null : { createdAtMs: last.createdAtMs, id: last.id } };
};
