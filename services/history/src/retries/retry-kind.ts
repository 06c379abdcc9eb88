import type { CreatedMessages } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import type { Delivery } from '../deliveries/domain/delivery.ts';
import { positionOf } from '../deliveries/list-deliveries.ts';
import type { DeliveryFilters, DeliveryStore, ListPosition } from '../deliveries/ports.ts';
import { type Erased, isDeliveryErased } from '../erasure/erasing-stores.ts';
import { batchSize, type Job } from '../jobs/domain/job.ts';
import type { RunKind } from '../jobs/job-kind.ts';
import type { RetryRequest } from './retry-delivery.ts';

/** The task of a job that retries many deliveries. `request`: the filter as the caller gave it. */
export type RetrySpec = Readonly<{ filters: DeliveryFilters; request: Readonly<{ filter: object }> }>;

/** A job that retries many deliveries. Its checkpoint is the last one that is done; null: none. */
export type RetryJob = Job<RetrySpec, ListPosition | null>;

/** The dependencies of the kind. `retry` sends one delivery again; it refuses with `conflict` or `unprocessable`. */
export type RetryKindParts = Readonly<{
  deliveries: Pick<DeliveryStore, 'step' | 'read'>;
  retry: (delivery: Delivery, request: RetryRequest) => Promise<unknown>;
  erasures: Erased;
  isReady: () => boolean;
}>;

type Kind = RunKind<RetrySpec, ListPosition | null>;
type Counts = { retried: number; refused: number; unavailable: number; erased: number };

// The bodies of a batch are in memory one by one, but its deliveries with all their attempts at the same time.
const maxBatch = 100;

const countOf = (error: unknown): keyof Counts => {
  if (error instanceof AppError && error.code === 'conflict') return 'refused';
  if (error instanceof AppError && error.code === 'unprocessable') return 'unavailable';
  throw error;
};

/**
 * Returns the kind of jobs that retry deliveries: oldest first, so that those of an ordered subscription join its queue
 * in the order of their events. A batch that a crash interrupts is repeated in the same chains, which delivery
 * recognises.
 */
export const retryKind = ({ deliveries, retry, erasures, isReady }: RetryKindParts): Kind => {
  const retryOne = async (
    job: RetryJob,
    delivery: Delivery,
    messages: CreatedMessages | undefined,
  ): Promise<keyof Counts> => {
    if (isDeliveryErased(erasures, delivery)) return 'erased';
    try {
      await retry(delivery, { runId: job.id, by: job.requestedBy, ...(messages && { messages }) });
      return 'retried';
    } catch (error) {
      return countOf(error);
    }
  };
  const runBatch: Kind['runBatch'] = async (job, signal, messages) => {
    const limit = batchSize(job, maxBatch);
    const page = { limit, after: job.checkpoint, isOldestFirst: true };
    const { found, reached } = await deliveries.step(job.spec.filters, page);
    const stored = await deliveries.read(found);
    const counts: Counts = { retried: 0, refused: 0, unavailable: 0, erased: 0 };
    for (const { id } of found) {
      signal.throwIfAborted();
      const delivery = stored.get(id)?.delivery;
      // One whose retention has ended in between.
      counts[delivery === undefined ? 'unavailable' : await retryOne(job, delivery, messages)] += 1;
    }
    const isAtEnd = reached === null;
    const last = found.at(-1);
    return {
      checkpoint: reached ?? (last === undefined ? job.checkpoint : positionOf(last)),
      counts,
      done: found.length,
      sent: counts.retried,
      // Some may have stopped matching since they were counted.
      ...(isAtEnd && { total: job.done + found.length }),
      isAtEnd,
    };
  };
  return { kind: 'retry', carriedOutBy: 'history', isReady, requestView: ({ request }) => request, runBatch };
};
