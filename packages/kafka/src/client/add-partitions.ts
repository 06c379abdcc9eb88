import type { Logger } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import type { Admin } from 'kafkajs';
import type { ClientSecurity } from '../security/client-security.ts';
import { createKafka } from './client.ts';
import { detailOf } from './errors.ts';

type BrokersToAsk = Readonly<{ brokers: readonly string[]; security?: ClientSecurity; logger: Logger }>;

const clientId = 'tidings-topics';
const readyMs = 30_000;
const pollMs = 100;

/** Returns the number of partitions of every topic of the cluster. Rejects with AppError `unavailable`. */
export async function countPartitionsOfAll(to: BrokersToAsk): Promise<ReadonlyMap<string, number>> {
  return withAdmin(to, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata();
    return new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
  });
}

/**
 * Gives topics as many partitions as `counts` says, in one request, and resolves when each has a leader. Rejects with
 * AppError `unavailable`; some topics may have grown then.
 */
export async function addPartitions(
  options: BrokersToAsk & Readonly<{ counts: ReadonlyMap<string, number> }>,
): Promise<void> {
  const { counts } = options;
  if (counts.size === 0) return;
  await withAdmin(options, async (admin) => {
    await admin.createPartitions({
      topicPartitions: [...counts].map(([topic, count]) => ({ topic, count })),
      timeout: readyMs,
    });
    await untilLed(admin, counts);
  });
}

/** Waits until each partition has a leader that has opened its log: before, it answers that it is not the leader. */
async function untilLed(admin: Admin, counts: ReadonlyMap<string, number>): Promise<void> {
  const names = [...counts.keys()];
  const deadlineMs = performance.now() + readyMs;
  for (;;) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: names });
      const late = topics.find(
        ({ name, partitions }) =>
          partitions.length < (counts.get(name) ?? 0) || partitions.some(({ leader }) => leader < 0),
      );
      if (late !== undefined) throw new Error(`${late.name} has partitions without a leader`);
      await admin.fetchTopicEnds(names);
      return;
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

async function withAdmin<T>(
  { brokers, security, logger }: BrokersToAsk,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = createKafka({
    brokers,
    clientId,
    logger,
    ...(security === undefined ? {} : { security }),
  }).admin();
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    const message = `the brokers ${brokers.join(',')} did not respond as expected: ${detailOf(error)}`;
    throw new AppError({ code: 'unavailable', message, cause: error });
  } finally {
    await admin.disconnect();
  }
}
