import type { AdminEndpoint } from './admin-endpoint.ts';
import { waitForLeaders } from './wait-for-leaders.ts';
import { withAdmin } from './with-admin.ts';

const clientId = 'tidings-topics';
const growingMs = 30_000;

const problemOf = ({ brokers }: AdminEndpoint): string =>
  `the brokers ${brokers.join(',')} did not respond as expected`;

/** Returns the number of partitions of every topic of the cluster. Rejects with AppError `unavailable`. */
export async function countPartitionsOfAll(to: AdminEndpoint): Promise<ReadonlyMap<string, number>> {
  return withAdmin(to, {
    ...{ clientId, problem: problemOf(to) },
    run: async (admin) => {
      const { topics } = await admin.fetchTopicMetadata();
      return new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
    },
  });
}

/**
 * Gives topics as many partitions as `counts` says, in one request, and resolves when each has a leader. Rejects with
 * AppError `unavailable`; some topics may have grown then.
 */
export async function addPartitions(
  options: AdminEndpoint & Readonly<{ counts: ReadonlyMap<string, number> }>,
): Promise<void> {
  const { counts } = options;
  if (counts.size === 0) return;
  await withAdmin(options, {
    ...{ clientId, problem: problemOf(options) },
    run: async (admin) => {
      await admin.createPartitions({
        topicPartitions: [...counts].map(([topic, count]) => ({ topic, count })),
        timeout: growingMs,
      });
      await waitForLeaders(admin, [...counts.keys()], counts);
    },
  });
}
