import { type LogRange, rangeOf } from '../admin/list-offsets.ts';
import type { KafkaEndpoint } from './client.ts';
import { anyReplica, type Cluster, createCluster, isolation, type LogMessage, leaderOf } from './cluster.ts';

/** A connection that fetches from the log by partition and offset, without a consumer group. */
export class LogConnection {
  readonly #cluster: Cluster;

  constructor(endpoint: KafkaEndpoint) {
    this.#cluster = createCluster(endpoint);
  }

  async connect(): Promise<void> {
    await this.#cluster.connect();
  }

  /**
   * Returns the records of the batches from `offset` on, at least one batch and about `maxBytes`; records of the first
   * batch before `offset` are included. Rejects with OFFSET_OUT_OF_RANGE if the log does not have the offset.
   */
  async fetch(
    topic: string,
    partition: number,
    { offset, maxBytes }: Readonly<{ offset: number; maxBytes: number }>,
  ): Promise<readonly LogMessage[]> {
    const broker = await leaderOf(this.#cluster, topic, partition);
    const { responses } = await broker.fetch({
      replicaId: anyReplica,
      isolationLevel: isolation.readUncommitted,
      maxWaitTime: 0,
      minBytes: 1,
      maxBytes,
      topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes }] }],
    });
    return responses[0]?.partitions[0]?.messages ?? [];
  }

  /** Returns the first offset that a partition has, and its end. */
  async rangeOf(topic: string, partition: number): Promise<LogRange> {
    return rangeOf(this.#cluster, topic, partition);
  }

  async close(): Promise<void> {
    await this.#cluster.disconnect();
  }
}
