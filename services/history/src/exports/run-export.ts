import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ExportEvent } from '@tidings/contracts';
import type { FinishedPart, ObjectStorage, Upload } from '@tidings/object-storage';
import type { BatchResult, Job } from '../jobs/domain/job.ts';
import { rowWriter } from './domain/export-format.ts';
import {
  type ExportCheckpoint,
  type ExportSpec,
  type ExportSubject,
  expiresAtMs,
  fileKey,
  firstCheckpoint,
} from './domain/export-spec.ts';
import type { RowRequest, RowSource } from './ports.ts';

/** The job of an export. */
export type ExportJob = Job<ExportSpec, ExportCheckpoint>;

/** The dependencies of an export. `partBytes`: minimum size of all parts of a file but the last. */
export type RunExportParts = Readonly<{
  storage: ObjectStorage;
  sources: Readonly<Record<ExportSubject, RowSource>>;
  publish(event: ExportEvent): Promise<void>;
  /** Returns the ids of erasures that may apply to rows of the export and are no older than it. */
  erasuresOf(job: ExportJob): readonly string[];
  partBytes: number;
}>;

type Progress = Omit<BatchResult<ExportCheckpoint>, 'sent' | 'counts'> & Readonly<{ records?: number }>;

const compress = promisify(gzip);

/** Returns the rows that an export covers. */
export const rowsOf = ({
  workspaceId,
  ownerId,
  spec,
}: Pick<ExportJob, 'workspaceId' | 'ownerId' | 'spec'>): RowRequest => ({
  workspaceId,
  ownerId,
  filter: spec.filter,
  poison: spec.poison,
  beforeMs: spec.beforeMs,
});

/** Returns the upload of an export in progress; null if there is none. */
export const uploadOf = ({ id, workspaceId, checkpoint }: ExportJob): Upload | null =>
  checkpoint.uploadId === null ? null : { key: fileKey(workspaceId, id), id: checkpoint.uploadId };

const start = async ({ storage, sources, erasuresOf }: RunExportParts, job: ExportJob): Promise<Progress> => {
  const erasures = erasuresOf(job);
  const total = await sources[job.spec.of].count(rowsOf(job));
  const { id: uploadId } = await storage.startUpload(fileKey(job.workspaceId, job.id));
  const checkpoint = { ...job.checkpoint, uploadId, ...(erasures.length > 0 && { erasures }) };
  return { checkpoint, done: 0, ...(total !== null && { total }), isAtEnd: false };
};

/** Begins again, since rows that were read before an erasure are in the parts. */
const beginAgain = async ({ storage }: RunExportParts, job: ExportJob, upload: Upload): Promise<Progress> => {
  await storage.abortUpload(upload);
  const records = -(job.counts['records'] ?? 0);
  return { checkpoint: firstCheckpoint, done: -job.done, records, isAtEnd: false };
};

const isStale = ({ erasuresOf }: RunExportParts, job: ExportJob): boolean => {
  const applied = job.checkpoint.erasures ?? [];
  return erasuresOf(job).some((id) => !applied.includes(id));
};

/** Reads rows until a part is full or there are no more, and stores the part: no more than that is in memory. */
const addPart = async (
  { storage, sources, partBytes }: RunExportParts,
  job: ExportJob,
  { upload, signal }: Readonly<{ upload: Upload; signal: AbortSignal }>,
): Promise<Progress> => {
  const { spec, checkpoint } = job;
  const source = sources[spec.of];
  const writer = rowWriter(spec.format, source.columns, spec);
  const number = checkpoint.parts.length + 1;
  const chunks: Buffer[] = [];
  let bytes = 0;
  const add = async (text: string): Promise<void> => {
    // Each chunk is a member of its own: members that follow one another are one gzip file (RFC 1952, section 2.2).
    const chunk = spec.isGzip ? await compress(text) : Buffer.from(text);
    chunks.push(chunk);
    bytes += chunk.length;
  };
  // Also if it is empty: an empty file is no gzip file.
  if (number === 1) await add(writer.header());
  let { after } = checkpoint;
  let isRead = false;
  let records = 0;
  let done = 0;
  while (!isRead && bytes < partBytes) {
    signal.throwIfAborted();
    const page = await source.read(rowsOf(job), after);
    if (page.rows.length > 0) await add(page.rows.map((row) => writer.row(row)).join(''));
    records += page.rows.length;
    done += page.read;
    isRead = page.next === null;
    after = page.next ?? after;
  }
  signal.throwIfAborted();
  const part: FinishedPart = await storage.putPart(upload, number, Buffer.concat(chunks));
  return {
    checkpoint: { ...checkpoint, parts: [...checkpoint.parts, part], after, isRead },
    done,
    ...(isRead && job.total === null && { total: job.done + done }),
    records,
    isAtEnd: false,
  };
};

const aboutOf = ({ id, ownerId, spec }: ExportJob) => ({
  export_id: id,
  consumer_id: ownerId,
  of: spec.of,
  format: spec.format,
});

const finish = async (
  { storage, publish }: RunExportParts,
  job: ExportJob,
  upload: Upload,
): Promise<Progress> => {
  const { bytes, modifiedAtMs } = await storage.completeUpload(upload, job.checkpoint.parts);
  const file = { bytes, modifiedAtMs };
  // Before the job is stored as done: a crash in between publishes the same event again.
  await publish({
    type: 'tidings.export.ready',
    workspaceId: job.workspaceId,
    time: new Date(modifiedAtMs).toISOString(),
    cause: job.id,
    data: {
      ...aboutOf(job),
      total_records: job.counts['records'] ?? 0,
      bytes,
      expires_at: new Date(expiresAtMs(file)).toISOString(),
    },
  });
  return { checkpoint: { ...job.checkpoint, file }, done: 0, isAtEnd: true };
};

const runStep = async (
  parts: RunExportParts,
  job: ExportJob,
  { upload, signal }: Readonly<{ upload: Upload | null; signal: AbortSignal }>,
): Promise<Progress> => {
  if (upload === null) return start(parts, job);
  if (isStale(parts, job)) return beginAgain(parts, job, upload);
  return job.checkpoint.isRead ? finish(parts, job, upload) : addPart(parts, job, { upload, signal });
};

/**
 * Carries out one batch of an export: starts the upload, adds one part, or completes the file. After a crash the batch
 * is repeated from the checkpoint, and its part replaces the one that may have been stored.
 */
export const runExport = async (
  parts: RunExportParts,
  job: ExportJob,
  signal: AbortSignal,
): Promise<BatchResult<ExportCheckpoint>> => {
  const upload = uploadOf(job);
  const { records = 0, ...progress } = await runStep(parts, job, { upload, signal });
  return { ...progress, sent: 0, counts: records === 0 ? {} : { records } };
};

/** Removes what an export that has failed or was cancelled has stored, and tells its owner that it has failed. */
export const releaseExport = async (
  { storage, publish }: Pick<RunExportParts, 'storage' | 'publish'>,
  job: ExportJob,
): Promise<void> => {
  if (job.state === 'done') return;
  const upload = uploadOf(job);
  if (upload !== null) {
    await storage.abortUpload(upload);
    await storage.delete(upload.key);
  }
  if (job.state !== 'failed') return;
  await publish({
    type: 'tidings.export.failed',
    workspaceId: job.workspaceId,
    time: new Date(job.endedAtMs ?? job.createdAtMs).toISOString(),
    cause: job.id,
    data: { ...aboutOf(job), reason: job.error ?? 'unknown' },
  });
};
