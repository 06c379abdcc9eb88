import { AppError } from '@tidings/runtime';
import type { Admin } from 'kafkajs';
import { detailOf } from '../client/errors.ts';

const startingMs = 30_000;
const pollMs = 100;

/**
 * Repeats requests that brokers may refuse while they start or open new partitions. Rejects with AppError `unavailable` after 30 s.
 */
export async function untilDeadline<R>(work: () => Promise<R>): Promise<R> {
  const deadlineMs = performance.now() + startingMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > deadlineMs) {
        const hint = `still after ${startingMs} ms: are as many brokers up as the replication factor requires?`;
        throw new AppError({ code: 'unavailable', message: `${detailOf(error)}, ${hint}`, cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
}

/**
 * Waits until each partition of the topics has a leader, and each topic in `atLeast` as many partitions. Returns their
 * numbers by topic. Rejects as {@link untilDeadline} does.
 */
export async function waitForLeaders(
  admin: Admin,
  names: readonly string[],
  atLeast: ReadonlyMap<string, number> = new Map(),
): Promise<ReadonlyMap<string, number>> {
  return untilDeadline(async () => {
    const { topics: known } = await admin.fetchTopicMetadata({ topics: [...names] });
    const late = known.find(
      ({ name, partitions }) =>
        partitions.length < (atLeast.get(name) ?? 0) || partitions.some(({ leader }) => leader < 0),
    );
    if (late !== undefined) throw new Error(`${late.name} has partitions without a leader`);
    // A named leader may not be ready yet: until the broker has opened the log, it responds that it is not the leader.
    await admin.fetchTopicEnds(known.map(({ name }) => name));
    return new Map(known.map(({ name, partitions }) => [name, partitions.length]));
  });
}
