import type { Logger } from '@tidings/observability';
import kafkajs, { type Kafka, type logCreator, type RetryOptions } from 'kafkajs';
import { registerLz4 } from './lz4-codec.ts';

/** Which cluster, and under what name we talk to it. */
export type KafkaEndpoint = Readonly<{
  brokers: readonly string[];
  clientId: string;
  logger: Logger;
  /** How long a broker may take to answer before it counts as gone. Default 15,000. */
  requestTimeoutMs?: number;
}>;

/**
 * Retries inside kafkajs, for connections, metadata and joins. Always given in full: kafkajs picks other defaults when
 * NODE_ENV is `test`, and then tests would run what production does not.
 */
export const clientRetry: RetryOptions = {
  retries: 4,
  initialRetryTime: 100,
  maxRetryTime: 1_000,
  multiplier: 2,
  factor: 0.2,
};

// kafkajs repeats itself while a broker is away; what matters is logged by our own loops, so this is for searching only.
const quietLogs =
  (logger: Logger): logCreator =>
  () =>
  ({ namespace, log }) => {
    const { message, timestamp: _timestamp, ...fields } = log;
    logger.debug({ ...fields, namespace, message }, 'kafka.client');
  };

/** A kafkajs client. One for each consumer: two consumers of one client would share a map of offsets. */
export function createKafka({ brokers, clientId, logger, requestTimeoutMs }: KafkaEndpoint): Kafka {
  registerLz4();
  return new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: 10_000,
    requestTimeout: requestTimeoutMs ?? 15_000,
    retry: clientRetry,
    logLevel: kafkajs.logLevel.WARN,
    logCreator: quietLogs(logger),
  });
}
