import { allTopics } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import type { Job } from '../jobs/domain/job.ts';
import type { JobStore } from '../jobs/ports.ts';
import { type StartParts, startJob } from '../jobs/start-job.ts';
import type { DeadLetter } from './domain/dead-letter.ts';
import type { DeadLetterFilters } from './domain/dead-letter-filters.ts';
import type { OffsetRange } from './domain/dead-letter-job.ts';
import type { DeadLetterStore, KnownSubscriptions, ReadEnds } from './ports.ts';

/** The dependencies of creating jobs over dead letters. */
export type DeadLetterJobParts = StartParts &
  Readonly<{
    jobs: Pick<JobStore, 'insert' | 'find' | 'findAnywhere'>;
    deadLetters: Pick<DeadLetterStore, 'countBySubscription'>;
    subscriptions: KnownSubscriptions;
    readEnds: ReadEnds;
  }>;

/** The kind, filters and origin of a job. The caller reserves `id`; `filters` include the scope of the key. */
export type JobRequest = Readonly<{
  id: string;
  kind: 'redrive' | 'discard';
  filters: DeadLetterFilters;
  requestedBy: string;
  reason: string | null;
  /** Null for a discard, which sends nothing. */
  ratePerSecond: number | null;
  /** Trace context of the request; absent without one. */
  traceparent?: string;
}>;

/** Returns the ranges of all records now in the topic, whether or not they have been projected. */
export const wholeTopic = async (readEnds: ReadEnds): Promise<readonly OffsetRange[]> =>
  [...(await readEnds())].map(([partition, { end }]) => ({ partition, next: 0, end }));

/** Returns the job that a request over these ranges creates. */
export const deadLetterOrder = (
  { filters, reason, ...rest }: JobRequest,
  checkpoint: readonly OffsetRange[],
) => {
  const { workspaceId, ownerId } = filters;
  return { ...rest, workspaceId, ownerId, spec: { filters, reason }, checkpoint };
};

/** Starts a job over all matching dead letters that are now in the topic. */
export const startDeadLetterJob = async (parts: DeadLetterJobParts, request: JobRequest): Promise<Job> =>
  startJob(parts, deadLetterOrder(request, await wholeTopic(parts.readEnds)));

/** Counts the dead letters that the job would redrive or discard. */
export const countForJob = async (
  { deadLetters, subscriptions }: DeadLetterJobParts,
  { kind, filters }: Pick<JobRequest, 'kind' | 'filters'>,
): Promise<number> => {
  const waiting = await deadLetters.countBySubscription({ ...filters, states: ['waiting'] });
  let count = 0;
  for (const [id, some] of waiting) {
    const isCounted = kind === 'discard' || (id !== null && subscriptions.get(id)?.state === 'active');
    if (isCounted) count += some;
  }
  return count;
};

const refuse = (message: string): AppError => new AppError({ code: 'conflict', message });

const refuseUnsendable = (deadLetter: DeadLetter, subscriptions: KnownSubscriptions): void => {
  if (deadLetter.isErased === true)
    throw refuse('The data of the dead letter is erased: it cannot be redriven, only discarded.');
  if (deadLetter.ref.kind === 'poison') {
    const { topic } = deadLetter.ref;
    if (allTopics.some(({ name }) => name === topic)) return;
    throw refuse(`This release has no topic '${topic}': the record cannot be sent back to it.`);
  }
  if (subscriptions.get(deadLetter.subscriptionId ?? '')?.state === 'active') return;
  throw refuse(
    `Subscription '${deadLetter.subscriptionId}' is not active: enable it, which redrives its waiting dead letters.`,
  );
};

/** Redrives one dead letter. One that is being redriven, or was redriven, stays with its job. */
export const redriveOne = async (
  parts: DeadLetterJobParts,
  deadLetter: DeadLetter,
  request: Omit<JobRequest, 'kind' | 'reason'>,
): Promise<Job> => {
  if (deadLetter.state === 'delivered')
    throw refuse('The delivery has succeeded: there is nothing to redrive.');
  if (deadLetter.state === 'discarded') throw refuse('The dead letter was discarded and cannot be redriven.');
  if (deadLetter.state !== 'waiting') {
    // A job of the whole workspace would show a consumer data of others.
    const job =
      deadLetter.taken === null ? null : await parts.jobs.find(deadLetter.taken.jobId, request.filters);
    if (job === null)
      throw refuse(
        'The dead letter has been claimed by a job that has ended or that your key has no access to.',
      );
    return job;
  }
  refuseUnsendable(deadLetter, parts.subscriptions);
  const { partition, offset } = deadLetter.position;
  const filters = { ...request.filters, id: deadLetter.id };
  const ranges = [{ partition, next: offset, end: offset + 1 }];
  return startJob(parts, deadLetterOrder({ ...request, filters, kind: 'redrive', reason: null }, ranges));
};
