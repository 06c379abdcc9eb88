import type { JobState } from '@tidings/contracts';
import type { ObjectStorage } from '@tidings/object-storage';
import { AppError, type Clock } from '@tidings/runtime';
import type { TenantScope } from '../domain/tenant-scope.ts';
import { changeJob } from '../jobs/change-job.ts';
import { hasEnded, type Job } from '../jobs/domain/job.ts';
import type { JobKinds } from '../jobs/job-kind.ts';
import type { JobPosition, JobStore } from '../jobs/ports.ts';
import { type StartParts, startJob } from '../jobs/start-job.ts';
import { type ExportSpec, type ExportSubject, fileKey, firstCheckpoint } from './domain/export-spec.ts';
import type { RowSource } from './ports.ts';
import { type ExportJob, rowsOf } from './run-export.ts';

/** The dependencies of the use cases. */
export type ExportParts = StartParts &
  Readonly<{
    jobs: JobStore;
    kinds: Pick<JobKinds, 'get'>;
    storage: Pick<ObjectStorage, 'delete'>;
    sources: Readonly<Record<ExportSubject, RowSource>>;
    clock: Clock;
  }>;

/** The view of a key: its scope, whether it sees the audit log, and which poison records. */
export type ExportScope = TenantScope & Readonly<{ isAdmin: boolean; poison: ExportSpec['poison'] }>;

/** The input of a new export. */
export type ExportOrder = Pick<ExportSpec, 'of' | 'format' | 'filter' | 'isGzip' | 'hasBom'> &
  Readonly<{ id: string; by: string; traceparent: string }>;

const unfinished = ['queued', 'running', 'paused'] as const satisfies readonly JobState[];
const maxUnfinished = 5;

const breadth = { none: 0, own: 1, nobodys: 2 } as const satisfies Record<ExportSpec['poison'], number>;

const isVisible = (job: ExportJob, scope: ExportScope): boolean =>
  job.kind === 'export' &&
  job.state !== 'cancelled' &&
  (job.spec.of !== 'audit' || scope.isAdmin) &&
  // Its file may have poison records that this key does not see.
  (job.spec.of !== 'dead_letters' || breadth[job.spec.poison] <= breadth[scope.poison]);

/** Returns an export that a key sees. Throws AppError `not-found` for any other. */
export const findExport = async (
  { jobs }: Readonly<{ jobs: Pick<JobStore, 'find'> }>,
  id: string,
  scope: ExportScope,
): Promise<ExportJob> => {
  const job = (await jobs.find(id, scope)) as ExportJob | null;
  if (job !== null && isVisible(job, scope)) return job;
  throw new AppError({ code: 'not-found', message: `There is no export '${id}'.` });
};

const refuseMany = async ({ jobs }: ExportParts, { workspaceId }: TenantScope): Promise<void> => {
  const page = { limit: maxUnfinished, after: null };
  const whole = { workspaceId, ownerId: null, kind: 'export' } as const;
  const found = await Promise.all(unfinished.map(async (state) => jobs.list({ ...whole, state }, page)));
  if (found.flat().length < maxUnfinished) return;
  const message = `The workspace has ${maxUnfinished} exports that have not ended, the maximum: wait for one of them, or delete it.`;
  throw new AppError({ code: 'conflict', message });
};

/**
 * Starts an export of what the key can see now. Throws AppError `forbidden` for the audit log without the scope admin,
 * `unprocessable` for a filter that the list of the same objects would not accept, and `conflict` if the workspace has
 * too many exports that have not ended.
 */
export const startExport = async (
  parts: ExportParts,
  { id, by, traceparent, ...order }: ExportOrder,
  scope: ExportScope,
): Promise<ExportJob> => {
  if (order.of === 'audit' && !scope.isAdmin) {
    throw new AppError({ code: 'forbidden', message: 'An export of the audit log needs the scope admin.' });
  }
  const { workspaceId, ownerId } = scope;
  const spec: ExportSpec = { ...order, poison: scope.poison, beforeMs: parts.clock.nowMs() };
  parts.sources[spec.of].check(rowsOf({ workspaceId, ownerId, spec }));
  if ((await parts.jobs.findAnywhere(id)) === null) await refuseMany(parts, scope);
  const job = await startJob(parts, {
    ...{ id, kind: 'export', workspaceId, ownerId, requestedBy: by, traceparent, spec },
    checkpoint: firstCheckpoint,
    ratePerSecond: null,
  });
  return job as ExportJob;
};

/** One page of exports. It may be shorter than its limit: cancelled ones and those that the key does not see are left out. */
export const listExports = async (
  { jobs }: Pick<ExportParts, 'jobs'>,
  scope: ExportScope,
  { limit, after }: Readonly<{ limit: number; after: JobPosition | null }>,
): Promise<Readonly<{ exports: readonly ExportJob[]; next: JobPosition | null }>> => {
  const { workspaceId, ownerId } = scope;
  // One more than requested shows whether there is another page.
  const found = await jobs.list({ workspaceId, ownerId, kind: 'export' }, { limit: limit + 1, after });
  const page: readonly Job[] = found.slice(0, limit);
  const last = page.at(-1);
  const isLast = found.length <= limit || last === undefined;
  return {
    exports: (page as readonly ExportJob[]).filter((job) => isVisible(job, scope)),
    next: isLast ? null : { createdAtMs: last.createdAtMs, id: last.id },
  };
};

/** Removes an export and its file. One that has not ended is cancelled, and its run removes what it has stored. */
export const deleteExport = async (parts: ExportParts, id: string, scope: ExportScope): Promise<void> => {
  const job = await findExport(parts, id, scope);
  if (!hasEnded(job)) {
    await changeJob(parts, 'cancel', { id, scope });
    return;
  }
  // In this order, a crash leaves an export that can be deleted again.
  await parts.storage.delete(fileKey(job.workspaceId, id));
  await parts.jobs.remove([id]);
};
