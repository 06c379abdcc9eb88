import { createRequire } from 'node:module';
import type { KafkaEndpoint } from '../client/client.ts';
import { type Cluster, createCluster } from '../client/cluster.ts';
import {
  decodeProduced,
  encodeProduce,
  type ProduceBody,
  produceKey,
  produceVersions,
} from './produce-request.ts';
import type { SentPartitions } from './send-loop.ts';

type Answer = Readonly<{ payload: Buffer }>;

/** The parts of a kafkajs connection that a request passes. */
type Connection = Readonly<{
  clientId: string;
  sasl: object | null | undefined;
  socket: Readonly<{ write(bytes: Buffer): void }>;
  isAuthenticated(): boolean;
  authenticate(): Promise<void>;
  nextCorrelationId(): number;
  /** Throws if the connection is not there. */
  failIfNotConnected(): void;
  requestQueue: Readonly<{
    push(request: object): void;
    maybeThrottle(throttleMs: number): void;
  }>;
}>;

type Broker = Readonly<{
  versions: Readonly<Record<number, Readonly<{ maxVersion: number }>>> | null;
  connectionPool: Readonly<{ getConnection(): Promise<Connection> }>;
  disconnect(): Promise<void>;
}>;

type Metadata = Readonly<{
  topicMetadata: readonly Readonly<{
    topic: string;
    partitionMetadata: readonly Readonly<{ partitionId: number; leader: number }>[];
  }>[];
}>;

type ProducerCluster = Omit<Cluster, 'findBroker'> &
  Readonly<{
    isConnected(): boolean;
    removeBroker(place: Readonly<{ host: string; port: number }>): void;
    findBroker(node: Readonly<{ nodeId: string }>): Promise<Broker>;
    brokerPool: Readonly<{ metadata: Metadata | null; metadataExpireAt: number | null }>;
  }>;

type KafkaError = Error & Readonly<{ type?: string; retriable?: boolean; host?: string; port?: number }>;

const require = createRequire(import.meta.url);
const { staleMetadata } = require('kafkajs/src/protocol/error.js') as {
  staleMetadata: (error: KafkaError) => boolean;
};
const errors = require('kafkajs/src/errors.js') as Readonly<
  Record<
    | 'KafkaJSMetadataNotLoaded'
    | 'KafkaJSConnectionError'
    | 'KafkaJSConnectionClosedError'
    | 'KafkaJSProtocolError',
    new (
      message: string,
    ) => KafkaError
  >
>;

const metadataMaxAgeMs = 30_000;

/** Sends produce requests to the leaders of partitions. Sends each once: what fails is repeated by the caller. */
export class LeaderConnection {
  readonly #cluster: ProducerCluster;
  readonly #timeoutMs: number;
  #connecting: Promise<void> | undefined;
  #isClosed = false;
  /** The leaders of partitions by topic, as the metadata have them from which this was made. */
  #leaders = new Map<string, ReadonlyMap<number, number>>();
  #leadersOf: Metadata | null = null;

  /** `timeoutMs`: how long a leader may wait for its replicas. */
  constructor(endpoint: KafkaEndpoint, timeoutMs: number) {
    this.#cluster = createCluster(endpoint, { metadataMaxAgeMs }) as unknown as ProducerCluster;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Sends the batches to their leaders, acks all. Returns what is acknowledged: partitions that the metadata do not have, or without a leader, are left
   * out.
   * Rejects with an error of kafkajs if any other part is not acknowledged.
   */
  async send(body: ProduceBody): Promise<SentPartitions> {
    if (this.#isClosed) throw new errors.KafkaJSConnectionError('the connection is closed');
    await this.#connect();
    try {
      await this.#learn(body);
      const [first, ...others] = this.#byLeader(body);
      if (first === undefined) return [];
      if (others.length === 0) return await this.#sendTo(first);
      const sent = await Promise.all([first, ...others].map((part) => this.#sendTo(part)));
      return sent.flat();
    } catch (error) {
      await this.#recover(error as KafkaError);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#cluster.disconnect();
  }

  // The next send repeats a failed connect; kafkajs itself restores a connection that is lost later.
  async #connect(): Promise<void> {
    this.#connecting ??= this.#cluster.connect().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    await this.#connecting;
  }

  async #learn(body: ProduceBody): Promise<void> {
    const { metadata, metadataExpireAt } = this.#cluster.brokerPool;
    const isFresh =
      metadata !== null && metadata === this.#leadersOf && Date.now() <= (metadataExpireAt ?? 0);
    if (isFresh && body.every(({ topic }) => this.#leaders.has(topic))) return;
    await this.#cluster.addMultipleTargetTopics(body.map(({ topic }) => topic));
    await this.#cluster.refreshMetadataIfNecessary();
    this.#leadersOf = this.#cluster.brokerPool.metadata;
    this.#leaders = new Map(
      this.#leadersOf?.topicMetadata.map(({ topic, partitionMetadata }) => [
        topic,
        new Map(partitionMetadata.map(({ partitionId, leader }) => [partitionId, leader])),
      ]),
    );
    for (const { topic } of body)
      if ((this.#leaders.get(topic)?.size ?? 0) === 0)
        throw new errors.KafkaJSMetadataNotLoaded('Producing to topic without metadata');
  }

  #byLeader(body: ProduceBody): (readonly [leader: number, ProduceBody])[] {
    const leaders = new Set<number>();
    let isComplete = true;
    for (const { topic, partitions } of body) {
      for (const { partition } of partitions) {
        const leader = this.#leaders.get(topic)?.get(partition);
        if (leader === undefined || leader < 0) isComplete = false;
        else leaders.add(leader);
      }
    }
    if (leaders.size === 1 && isComplete) return [...leaders].map((leader) => [leader, body]);
    return [...leaders].map((leader) => [leader, this.#partOf(leader, body)]);
  }

  #partOf(leader: number, body: ProduceBody): ProduceBody {
    const parts = body.map(({ topic, partitions }) => {
      const leaders = this.#leaders.get(topic);
      return { topic, partitions: partitions.filter(({ partition }) => leaders?.get(partition) === leader) };
    });
    return parts.filter(({ partitions }) => partitions.length > 0);
  }

  async #sendTo([leader, body]: readonly [leader: number, body: ProduceBody]): Promise<SentPartitions> {
    const broker = await this.#cluster.findBroker({ nodeId: String(leader) });
    try {
      const connection = await broker.connectionPool.getConnection();
      // Without a user there is nothing to authenticate; with one, a session ends.
      if (connection.sasl && !connection.isAuthenticated()) await connection.authenticate();
      connection.failIfNotConnected();
      const apiVersion = Math.min(
        produceVersions.max,
        broker.versions?.[produceKey]?.maxVersion ?? produceVersions.min,
      );
      const { payload } = await this.#exchange(connection, apiVersion, body);
      const { sent, throttleMs } = decodeProduced(payload, apiVersion);
      connection.requestQueue.maybeThrottle(throttleMs);
      return sent;
    } catch (error) {
      if (error instanceof errors.KafkaJSConnectionClosedError) await broker.disconnect();
      throw error;
    }
  }

  #exchange(connection: Connection, apiVersion: number, body: ProduceBody): Promise<Answer> {
    const { clientId } = connection;
    const correlationId = connection.nextCorrelationId();
    const bytes = encodeProduce({ apiVersion, correlationId, clientId, timeoutMs: this.#timeoutMs }, body);
    return new Promise((resolve, reject) => {
      connection.requestQueue.push({
        entry: { apiKey: produceKey, apiName: 'Produce', apiVersion, correlationId, resolve, reject },
        expectResponse: true,
        requestTimeout: null,
        sendRequest: () => connection.socket.write(bytes),
      });
    });
  }

  /** Does after a failed send what kafkajs does, so that the next one finds the leaders. */
  async #recover(error: KafkaError): Promise<void> {
    const cluster = this.#cluster;
    const { host, port } = error;
    const isConnectionClosed = error instanceof errors.KafkaJSConnectionClosedError;
    if (isConnectionClosed && host !== undefined && port !== undefined) cluster.removeBroker({ host, port });
    if (this.#isClosed) return;
    if (!cluster.isConnected()) {
      await cluster.connect();
      await cluster.refreshMetadata();
    } else if (
      staleMetadata(error) ||
      isConnectionClosed ||
      error instanceof errors.KafkaJSMetadataNotLoaded ||
      error instanceof errors.KafkaJSConnectionError ||
      (error instanceof errors.KafkaJSProtocolError && error.retriable === true)
    ) {
      await cluster.refreshMetadata();
    }
  }
}
