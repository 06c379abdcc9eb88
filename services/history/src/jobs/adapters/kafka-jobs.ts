import {
  type DesiredJobState,
  decodeJobRecord,
  encodeJobRecord,
  type JobOrdered,
  type JobState,
  jobPartition,
  jobRecordKey,
  topics,
} from '@tidings/contracts';
import type { Bus, Producer, Table } from '@tidings/kafka';
import type { Job } from '../domain/job.ts';
import type { RecordedProgress } from '../domain/job-progress.ts';
import type { JobOrders } from '../ports.ts';

// Shorter than the claim on a job: a run that cannot write gives up its claim, and no write follows much later.
const publish = { deadlineMs: 10_000 } as const;

const desiredOf = (state: JobState): DesiredJobState =>
  state === 'paused' || state === 'cancelled' ? state : 'running';

const orderOf = (job: Job): JobOrdered => ({
  type: 'JobOrdered.v1',
  jobId: job.id,
  kind: job.kind as JobOrdered['kind'],
  workspaceId: job.workspaceId,
  ownerId: job.ownerId,
  requestedBy: job.requestedBy,
  spec: job.spec as JobOrdered['spec'],
  desired: desiredOf(job.state),
  revision: job.revision,
  createdAtMs: job.createdAtMs,
  ...(job.traceparent !== undefined && { traceparent: job.traceparent }),
});

/** Creates the writer of orders to the jobs topic. */
export const createJobOrders = (producer: Producer): JobOrders => ({
  publish: async (job) => {
    const partition = jobPartition(job.id);
    await producer.publish({ topic: topics.jobs, partition, ...encodeJobRecord(orderOf(job)) }, publish);
  },
  retire: async (ids) => {
    const tombstones = ids.flatMap((id) =>
      (['JobOrdered.v1', 'JobProgressed.v1'] as const).map((type) => ({
        topic: topics.jobs,
        partition: jobPartition(id),
        key: jobRecordKey(id, type),
        value: null,
      })),
    );
    if (tombstones.length > 0) await producer.publishAll(tombstones, publish);
  },
});

/** Follows the progress records of the jobs topic. `onProgress` is called with each newer one, from the oldest kept. */
export const followProgress = async (
  bus: Pick<Bus, 'table'>,
  onProgress: (recorded: RecordedProgress) => void,
): Promise<Table<RecordedProgress | null>> =>
  bus.table<RecordedProgress | null>({
    topic: topics.jobs,
    service: 'history',
    decode: (record) => {
      const decoded = decodeJobRecord(record);
      const offset = Number(record.offset);
      const value = decoded.type === 'JobProgressed.v1' ? { progress: decoded, offset } : null;
      // A job has one partition, so the offsets of its records are ordered as its writers wrote them.
      return { key: jobRecordKey(decoded.jobId, decoded.type), version: offset, value };
    },
    onChange: (_, value) => {
      if (value !== undefined && value !== null) onProgress(value);
    },
  });
