import { consumerId, workspaceId } from '@tidings/contracts';
import { atDatabase, plainCollection } from '@tidings/mongodb';
import { type Connection, Schema } from 'mongoose';
import { type Job, newJob } from '../../jobs/domain/job.ts';
import type { JobStore } from '../../jobs/ports.ts';
import type { DeadLetterFilters } from '../domain/dead-letter-filters.ts';
import type { OffsetRange } from '../domain/dead-letter-job.ts';

/** A job as version 0.1 stored it, in the collection `dead_letter_jobs`. */
export type FormerJobDocument = Readonly<{
  _id: string;
  action: 'redrive' | 'discard';
  workspace_id: string;
  owner_id: string | null;
  filters_json: string;
  by: string;
  reason: string | null;
  rate_per_second: number;
  state: 'running' | 'done' | 'cancelled' | 'failed';
  is_open: boolean;
  stretches: readonly OffsetRange[];
  counts: Readonly<{ settled: number; delivered: number; skipped: number; failed: number }>;
  created_at_ms: number;
  ended_at_ms: number | null;
  failures: number;
  error: string | null;
  claim: string;
  claimed_until_ms: number;
}>;

const schema = new Schema<FormerJobDocument>(
  { _id: String },
  { ...plainCollection, collection: 'dead_letter_jobs' },
);

/** Returns the job of a document of version 0.1, which any run can claim. */
const fromFormerDocument = (document: FormerJobDocument): Job => {
  const { action, counts } = document;
  const { settled, delivered, skipped, failed } = counts;
  const isRedrive = action === 'redrive';
  const order = {
    id: document._id,
    kind: action,
    workspaceId: workspaceId(document.workspace_id),
    ownerId: document.owner_id === null ? null : consumerId(document.owner_id),
    requestedBy: document.by,
    spec: { filters: JSON.parse(document.filters_json) as DeadLetterFilters, reason: document.reason },
    checkpoint: document.stretches,
    ratePerSecond: isRedrive ? document.rate_per_second : null,
  };
  return {
    ...newJob(order, document.created_at_ms),
    state: document.state === 'running' ? 'queued' : document.state,
    isDue: document.is_open,
    done: settled + delivered + skipped + failed,
    counts: isRedrive ? { redriven: settled, delivered, skipped, failed } : { discarded: settled },
    startedAtMs: document.created_at_ms,
    endedAtMs: document.ended_at_ms,
    error: document.error,
  };
};

const chunk = 500;

/**
 * Moves the jobs that version 0.1 stored into the collection of all jobs, also those that have ended: they show that an
 * enabled subscription was redriven. An instance of that version which still processes one can no longer save it and
 * stops after its batch, whose commands delivery recognises as repeats.
 */
export const takeOverJobs = async (connection: Connection, jobs: Pick<JobStore, 'insert'>): Promise<void> => {
  const former = connection.model<FormerJobDocument>('FormerJob', schema);
  for (;;) {
    const found = await atDatabase(async () => former.find({}).limit(chunk).lean<FormerJobDocument[]>());
    if (found.length === 0) return;
    // In this order, a crash leaves jobs that the next start finds again.
    for (const document of found) await jobs.insert(fromFormerDocument(document));
    await atDatabase(async () => former.deleteMany({ _id: { $in: found.map(({ _id }) => _id) } }));
  }
};
