import { replayChainOf } from '@tidings/contracts';
import { BoundedMap, type Clock } from '@tidings/runtime';
import { replayOutcomes } from '../deliveries/domain/replay-outcomes.ts';
import type { DeliveryStore } from '../deliveries/ports.ts';
import { hasEnded, type Job, type JobCounts } from '../jobs/domain/job.ts';
import type { JobStore } from '../jobs/ports.ts';

/** The dependencies of counting. */
export type CountParts = Readonly<{
  deliveries: Pick<DeliveryStore, 'countReplayed'>;
  jobs: Pick<JobStore, 'saveProgress'>;
  clock: Clock;
}>;

type Counted = Readonly<{ counts: JobCounts; untilMs: number }>;

// Somebody who watches a job reads it every second.
const minKeptMs = 500;
// Counting costs at most a tenth of the time.
const keptFactor = 10;
const maxKept = 1_000;
// A crash may repeat an attempt, and its second result may be a success; later, nothing changes any more.
const settledAfterMs = 600_000;

/**
 * Creates the count of what became of the webhooks of a replay: `delivered` and `failed`, the rest is under way. The
 * stored deliveries are counted, not the records: a count is exact however often records are repeated or projected
 * again, and it goes on after the job has ended. Once nothing is under way it is stored with the job, which is kept for
 * longer than the deliveries.
 */
export const createCountOutcomes = ({ deliveries, jobs, clock }: CountParts) => {
  const kept = new BoundedMap<string, Counted>(maxKept);

  const count = async (job: Job): Promise<JobCounts> => {
    const chain = replayChainOf({ jobId: job.id, createdAtMs: job.createdAtMs });
    const ends = replayOutcomes.map(async (outcome) => {
      return [outcome, await deliveries.countReplayed(job.workspaceId, { chain, outcome })] as const;
    });
    return Object.fromEntries(await Promise.all(ends));
  };

  const settle = async (job: Job, counts: JobCounts): Promise<void> => {
    const { sent = 0 } = job.counts;
    const isOver = hasEnded(job) && clock.nowMs() - (job.endedAtMs ?? clock.nowMs()) >= settledAfterMs;
    const ended = replayOutcomes.reduce((sum, outcome) => sum + (counts[outcome] ?? 0), 0);
    if (isOver && ended >= sent)
      await jobs.saveProgress(job, { ...job, counts: { ...job.counts, ...counts } });
  };

  return async (job: Job): Promise<JobCounts> => {
    if (job.counts['delivered'] !== undefined) return {};
    const known = kept.get(job.id);
    const beganMs = clock.monotonicMs();
    if (known !== undefined && beganMs < known.untilMs) return known.counts;
    const counts = await count(job);
    const endedMs = clock.monotonicMs();
    const keptMs = Math.max(minKeptMs, (endedMs - beganMs) * keptFactor);
    kept.set(job.id, { counts, untilMs: endedMs + keptMs });
    await settle(job, counts);
    return counts;
  };
};
