import type { CreatedMessages } from '@tidings/observability';
import { type BatchResult, batchSize } from '../jobs/domain/job.ts';
import type { RunKind } from '../jobs/job-kind.ts';
import {
  currentRange,
  type DeadLetterJob,
  type DeadLetterSpec,
  moved,
  type OffsetRange,
} from './domain/dead-letter-job.ts';
import type { ReadEnds } from './ports.ts';
import { discardBatch, type JobBatchParts, redriveBatch } from './process-job-batch.ts';

/** The dependencies of the kinds. */
export type DeadLetterKindParts = JobBatchParts &
  Readonly<{
    readEnds: ReadEnds;
    /** Returns false until the subscriptions are known. */
    isReady: () => boolean;
    requestView: (spec: DeadLetterSpec) => object;
  }>;

type Ranges = readonly OffsetRange[];
type DeadLetterKind = RunKind<DeadLetterSpec, Ranges>;

// No batch exceeds what MongoDB and the producer accept at once. Discarding sends nothing: only its writes limit it.
const maxRedriven = 100;
const maxDiscarded = 500;
const readPollMs = 500;

/**
 * Returns a function that cuts a range at the offset up to which its partition is complete in the store: beyond it,
 * dead letters may still be missing.
 */
const storedPart = (readEnds: ReadEnds): ((range: OffsetRange) => Promise<OffsetRange>) => {
  // Offsets only grow, so a value stays valid as a lower bound.
  const stored = new Map<number, number>();
  return async (range) => {
    const known = stored.get(range.partition) ?? 0;
    if (known <= range.next && known < range.end) {
      for (const [partition, ends] of await readEnds()) stored.set(partition, ends.stored);
    }
    return { ...range, end: Math.min(range.end, stored.get(range.partition) ?? 0) };
  };
};

const total = (counts: Iterable<number>): number => [...counts].reduce((sum, count) => sum + count, 0);

/**
 * Returns the kinds of jobs over dead letters, redrive and discard: they process each partition in the order of the
 * topic.
 */
export const deadLetterKinds = (parts: DeadLetterKindParts): readonly DeadLetterKind[] => {
  const { deadLetters, readEnds, isReady, requestView } = parts;
  const toStored = storedPart(readEnds);
  const runBatch =
    (process: typeof redriveBatch, sizeOf: (job: DeadLetterJob) => number) =>
    async (
      job: DeadLetterJob,
      signal: AbortSignal,
      messages?: CreatedMessages,
    ): Promise<BatchResult<Ranges>> => {
      const ranges = job.checkpoint;
      const range = currentRange(ranges);
      if (range === undefined) return { checkpoint: ranges, counts: {}, done: 0, sent: 0, isAtEnd: true };
      const readable = await toStored(range);
      if (readable.next >= readable.end) {
        return { checkpoint: ranges, counts: {}, done: 0, sent: 0, isAtEnd: false, waitMs: readPollMs };
      }
      const batch = { range: readable, limit: sizeOf(job), signal, messages };
      const { counts, sent, ...position } = await process(parts, job, batch);
      const checkpoint = moved(ranges, position);
      return {
        checkpoint,
        counts,
        done: total(Object.values(counts)),
        sent,
        isAtEnd: currentRange(checkpoint) === undefined,
      };
    };
  const countLeft = async ({ spec, checkpoint }: DeadLetterJob): Promise<number> => {
    const filters = { ...spec.filters, states: ['waiting', 'redriving'] } as const;
    return total((await deadLetters.countBySubscription(filters, checkpoint)).values());
  };
  const shared = { carriedOutBy: 'history', isReady, requestView, countLeft } as const;
  return [
    {
      ...shared,
      kind: 'redrive',
      runBatch: runBatch(redriveBatch, (job) => batchSize(job, maxRedriven)),
      release: async ({ id }) => deadLetters.release(id),
    },
    { ...shared, kind: 'discard', runBatch: runBatch(discardBatch, () => maxDiscarded) },
  ];
};
