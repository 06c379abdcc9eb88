import { expiresAtMs, fileName } from '../domain/export-spec.ts';
import type { LinkKeys } from '../domain/sign-link.ts';
import { signLink } from '../domain/sign-link.ts';
import type { ExportJob } from '../run-export.ts';
import type { ExportStatus } from './export-schemas.ts';

/** The path of exports. */
export const exportsPath = '/v1/webhooks/exports';

const linkMs = 3_600_000;

const isoTime = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** Returns true if the file of an export can be downloaded. */
export const isReady = ({ state, checkpoint: { file } }: ExportJob, nowMs: number): boolean =>
  state === 'done' && file !== null && nowMs < expiresAtMs(file);

const statusOf = (job: ExportJob, nowMs: number): ExportStatus => {
  switch (job.state) {
    case 'queued':
    case 'running':
    case 'paused':
    case 'failed':
      return job.state;
    case 'done':
      if (job.checkpoint.isErased === true) return 'deleted';
      return isReady(job, nowMs) ? 'ready' : 'expired';
    case 'cancelled':
      return 'failed';
  }
};

const linkOf = (keys: LinkKeys, { id, checkpoint: { file } }: ExportJob, nowMs: number): string => {
  const endMs = Math.min(nowMs + linkMs, file === null ? 0 : expiresAtMs(file));
  const expires = Math.floor(endMs / 1_000);
  return `${exportsPath}/${id}/file?expires=${expires}&signature=${signLink(keys, { id, expires })}`;
};

const percentOf = (done: number, total: number | null): number | null => {
  if (total === null) return null;
  return total === 0 ? 100 : Math.min(100, Math.floor((done * 100) / total));
};

/** Returns an export as the API shows it. */
export const exportView = (job: ExportJob, keys: LinkKeys, nowMs: number): object => {
  const { spec, checkpoint } = job;
  const isFinished = job.state === 'done';
  return {
    export_id: job.id,
    status: statusOf(job, nowMs),
    of: spec.of,
    format: spec.format,
    gzip: spec.isGzip,
    bom: spec.hasBom,
    filter: spec.filter,
    requested_by: job.requestedBy,
    consumer_id: job.ownerId,
    created_at: isoTime(job.createdAtMs),
    ended_at: isoTime(job.endedAtMs),
    progress: { total: job.total, done: job.done, percent: percentOf(job.done, job.total) },
    total_records: isFinished ? (job.counts['records'] ?? 0) : null,
    bytes: checkpoint.file?.bytes ?? null,
    file_name: fileName(spec),
    download_url: isReady(job, nowMs) ? linkOf(keys, job, nowMs) : null,
    expires_at: checkpoint.file === null ? null : isoTime(expiresAtMs(checkpoint.file)),
    error: checkpoint.isErased === true ? 'erased' : job.error,
  };
};

/** Returns the task of an export as the routes of jobs show it. */
export const requestView = ({ of, format, filter, isGzip, hasBom }: ExportJob['spec']): object => ({
  of,
  format,
  filter,
  gzip: isGzip,
  bom: hasBom,
});
