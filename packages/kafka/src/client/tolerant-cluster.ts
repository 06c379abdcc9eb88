import { createRequire } from 'node:module';
import type { KafkaEndpoint } from './client.ts';
import { type Cluster, createCluster } from './cluster.ts';

type PartitionMetadata = Readonly<{ partitionErrorCode: number; partitionId: number; leader: number }>;
type TopicMetadata = Readonly<{
  topicErrorCode: number;
  topic: string;
  partitionMetadata: readonly PartitionMetadata[];
}>;

type Response = Readonly<{
  decode(bytes: Buffer): Promise<unknown>;
  parse(data: unknown): Promise<unknown>;
}>;
type CreateRequest = (fields: object) => Readonly<{ response: Response }>;
type Lookup = (apiKey: number, definition: object) => CreateRequest;
type BrokerOfPool = { lookupRequest: Lookup };

/** A cluster whose brokers' answers contain the error codes of topics and partitions. */
export type TolerantCluster = Cluster &
  Readonly<{
    targetTopics: Set<string>;
    brokerPool: {
      createBroker: (options: object) => BrokerOfPool;
      metadata: Readonly<{ topicMetadata: readonly TopicMetadata[] }> | null;
    };
  }>;

/** The answer to a fetch cannot be decoded: a batch in it is damaged, or compressed in a way that is not known. */
export class UnreadableAnswer extends Error {}

const require = createRequire(import.meta.url);
const apiKeys = require('kafkajs/src/protocol/requests/apiKeys.js') as Readonly<
  Record<'Fetch' | 'ListOffsets' | 'Metadata', number>
>;

const tolerated = new Set([apiKeys.Fetch, apiKeys.ListOffsets, apiKeys.Metadata]);

const toleratedBy = (apiKey: number, { decode }: Response): Response => ({
  decode: async (bytes) => {
    try {
      return await decode(bytes);
    } catch (cause) {
      if (apiKey !== apiKeys.Fetch) throw cause;
      throw new UnreadableAnswer(cause instanceof Error ? cause.message : String(cause), { cause });
    }
  },
  parse: async (data) => data,
});

const tolerate =
  (lookup: Lookup): Lookup =>
  (apiKey, definition) => {
    const create = lookup(apiKey, definition);
    if (!tolerated.has(apiKey)) return create;
    return (fields) => {
      const request = create(fields);
      return { ...request, response: toleratedBy(apiKey, request.response) };
    };
  };

/**
 * Creates a connection to the brokers that reads metadata, offsets and fetched records of what has no error beside what
 * has one.
 * kafkajs rejects the whole answer, and asks again for a topic without a leader with every other one.
 */
export const createTolerantCluster = (endpoint: KafkaEndpoint): TolerantCluster => {
  const cluster = createCluster(endpoint) as TolerantCluster;
  const { brokerPool } = cluster;
  const create = brokerPool.createBroker;
  brokerPool.createBroker = (options) => {
    const broker = create(options);
    // The broker sets it whenever it has connected.
    let lookup = tolerate(broker.lookupRequest);
    Object.defineProperty(broker, 'lookupRequest', {
      get: () => lookup,
      set: (next: Lookup) => {
        lookup = tolerate(next);
      },
    });
    return broker;
  };
  return cluster;
};
