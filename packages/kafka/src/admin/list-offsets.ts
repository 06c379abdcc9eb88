import { createRequire } from 'node:module';
import { partitionKey } from '../bus.ts';
import { anyReplica, type Broker, type Cluster, isolation, leaderOf } from '../client/cluster.ts';

/** The first offset that a partition has, and its end. */
export type LogRange = Readonly<{ low: number; high: number }>;

type TopicPartition = Readonly<{ topic: string; partition: number }>;

type OffsetQuestion = Readonly<{
  partitions: readonly TopicPartition[];
  /** Which offset of a log. */
  of: 'beginning' | 'end';
  isolationLevel: number;
}>;

const require = createRequire(import.meta.url);
const { createErrorFromCode } = require('kafkajs/src/protocol/error.js') as {
  createErrorFromCode: (code: number) => Error;
};

// The times that stand for them in the protocol.
const timestamps = { beginning: -2, end: -1 } as const;

/**
 * Asks the leader of partitions for an offset of each. Returns it, or the error, by {@link partitionKey}. A new leader
 * does not know the end until its followers have fetched from it (KIP-207): it answers LEADER_NOT_AVAILABLE to the
 * versions that kafkajs has, and OFFSET_NOT_AVAILABLE to later ones.
 */
export const listOffsets = async (
  broker: Broker,
  { partitions, of, isolationLevel }: OffsetQuestion,
): Promise<ReadonlyMap<string, number | Error>> => {
  const timestamp = timestamps[of];
  const topics = [...new Set(partitions.map(({ topic }) => topic))].map((topic) => ({
    topic,
    partitions: partitions
      .filter((one) => one.topic === topic)
      .map(({ partition }) => ({ partition, timestamp })),
  }));
  const { responses } = await broker.listOffsets({ replicaId: anyReplica, isolationLevel, topics });
  return new Map(
    responses.flatMap(({ topic, partitions: answers }) =>
      answers.map(({ partition, errorCode, offset }) => [
        partitionKey({ topic, partition }),
        errorCode === 0 ? Number(offset) : createErrorFromCode(errorCode),
      ]),
    ),
  );
};

/** Returns the first offset that a partition has, and its end. Rejects if its leader cannot tell them. */
export const rangeOf = async (cluster: Cluster, topic: string, partition: number): Promise<LogRange> => {
  const broker = await leaderOf(cluster, topic, partition);
  const offsetOf = async (of: 'beginning' | 'end'): Promise<number> => {
    const question = { partitions: [{ topic, partition }], of, isolationLevel: isolation.readUncommitted };
    const answer = (await listOffsets(broker, question)).get(partitionKey({ topic, partition }));
    if (typeof answer === 'number') return answer;
    throw answer ?? new Error(`the leader of ${topic}/${partition} did not answer for it`);
  };
  return { low: await offsetOf('beginning'), high: await offsetOf('end') };
};
