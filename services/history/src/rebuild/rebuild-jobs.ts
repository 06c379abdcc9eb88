import { decodeJobRecord, type JobOrdered, type JobProgressed, topics } from '@tidings/contracts';
import type { Bus } from '@tidings/kafka';
import { hasEnded, type Job, newJob } from '../jobs/domain/job.ts';
import { projected } from '../jobs/domain/job-progress.ts';
import type { JobStore } from '../jobs/ports.ts';

type Recorded = { order?: JobOrdered; progress?: Readonly<{ progress: JobProgressed; offset: number }> };

const read = async (bus: Pick<Bus, 'readRange'>): Promise<readonly Recorded[]> => {
  const jobs = new Map<string, Recorded>();
  await bus.readRange({
    topic: topics.jobs,
    partitions: Array.from({ length: topics.jobs.partitions }, (_, partition) => partition),
    from: { offsets: new Map() },
    service: 'history-rebuild',
    onRecord: (record) => {
      const id = record.key?.split('/')[0] ?? '';
      if (record.value === null) {
        // A job is retired by tombstones of both its records.
        jobs.delete(id);
        return;
      }
      const message = decodeJobRecord(record);
      const known = jobs.get(id) ?? {};
      jobs.set(id, known);
      if (message.type === 'JobProgressed.v1') {
        known.progress = { progress: message, offset: Number(record.offset) };
      } else if (message.revision >= (known.order?.revision ?? 0)) known.order = message;
    },
  });
  return [...jobs.values()];
};

/** Returns a job as its order and its newest progress say. */
const jobOf = (order: JobOrdered, progress: Recorded['progress']): Job => {
  const { jobId, kind, workspaceId, ownerId, requestedBy, spec, desired, revision, createdAtMs } = order;
  const { traceparent } = order;
  const { ratePerSecond } = spec;
  const request = { id: jobId, kind, workspaceId, ownerId, requestedBy, spec, checkpoint: {}, ratePerSecond };
  const fresh: Job = {
    ...newJob({ ...request, ...(traceparent !== undefined && { traceparent }) }, createdAtMs),
    ...{ revision, state: desired === 'running' ? 'queued' : desired },
  };
  const job = progress === undefined ? fresh : (projected(fresh, progress) ?? fresh);
  // Publishing the order of one that has not ended again changes nothing.
  return { ...job, isDue: !hasEnded(job) };
};

/**
 * Stores the jobs that another service carries out, as far as they are missing; returns their number. Others are in no
 * topic: those that are stored stay as they are.
 */
export const rebuildJobs = async (
  bus: Pick<Bus, 'readRange'>,
  jobs: Pick<JobStore, 'insert'>,
): Promise<number> => {
  let inserted = 0;
  for (const { order, progress } of await read(bus)) {
    if (order !== undefined && (await jobs.insert(jobOf(order, progress)))) inserted += 1;
  }
  return inserted;
};
