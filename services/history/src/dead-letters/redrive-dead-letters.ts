import { randomUUID } from 'node:crypto';
import { allTopics } from '@tidings/contracts';
import { AppError, type Clock } from '@tidings/runtime';
import type { DeadLetter } from './domain/dead-letter.ts';
import type { DeadLetterFilters } from './domain/dead-letter-filters.ts';
import { type DeadLetterJob, newJob, type OffsetRange } from './domain/dead-letter-job.ts';
import type { DeadLetterStore, JobStore, KnownSubscriptions, ReadEnds } from './ports.ts';

/** The dependencies of creating jobs. `wake` triggers a poll for jobs. */
export type JobParts = Readonly<{
  deadLetters: DeadLetterStore;
  jobs: JobStore;
  subscriptions: KnownSubscriptions;
  readEnds: ReadEnds;
  clock: Clock;
  wake: () => void;
}>;

/** The owner, action and filters of a job. The caller reserves `id`; `filters` include the scope of the key. */
export type JobRequest = Readonly<{
  id: string;
  action: DeadLetterJob['action'];
  filters: DeadLetterFilters;
  by: string;
  reason: string | null;
  ratePerSecond: number;
}>;

/** Creates the id of a job. */
export const newJobId = (): string => `job_${randomUUID().replaceAll('-', '')}`;

/** Returns the ranges of all records now in the topic, whether or not they have been projected. */
export const wholeTopic = async (readEnds: ReadEnds): Promise<readonly OffsetRange[]> =>
  [...(await readEnds())].map(([partition, { end }]) => ({ partition, next: 0, end }));

const start = async (
  { jobs, clock, wake }: JobParts,
  request: JobRequest,
  ranges: readonly OffsetRange[],
): Promise<DeadLetterJob> => {
  const { workspaceId, ownerId } = request.filters;
  const job = newJob({ ...request, workspaceId, ownerId, ranges }, clock.nowMs());
  const isNew = await jobs.insert(job);
  wake();
  // An existing job was created by an earlier run of the same request.
  return isNew ? job : ((await jobs.findAnywhere(job.id)) ?? job);
};

/** Starts a job over all matching dead letters that are now in the topic. */
export const startJob = async (parts: JobParts, request: JobRequest): Promise<DeadLetterJob> =>
  start(parts, request, await wholeTopic(parts.readEnds));

/** Counts the dead letters that the job would redrive or discard. */
export const countForJob = async (
  { deadLetters, subscriptions }: JobParts,
  { action, filters }: Pick<JobRequest, 'action' | 'filters'>,
): Promise<number> => {
  const waiting = await deadLetters.countBySubscription({ ...filters, states: ['waiting'] });
  let count = 0;
  for (const [id, some] of waiting) {
    const isCounted = action === 'discard' || (id !== null && subscriptions.get(id)?.state === 'active');
    if (isCounted) count += some;
  }
  return count;
};

const refuse = (message: string): AppError => new AppError({ code: 'conflict', message });

const refuseUnsendable = (deadLetter: DeadLetter, subscriptions: KnownSubscriptions): void => {
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
  parts: JobParts,
  deadLetter: DeadLetter,
  request: Omit<JobRequest, 'action' | 'reason'>,
): Promise<DeadLetterJob> => {
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
  return start(parts, { ...request, filters, action: 'redrive', reason: null }, ranges);
};
