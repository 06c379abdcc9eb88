import type { Logger } from '@tidings/observability';
import kafkajs, { type Kafka, type logCreator, type RetryOptions } from 'kafkajs';
import type { ClientSecurity } from '../security/client-security.ts';
import { registerLz4 } from './lz4-codec.ts';

/** Brokers of a cluster, and the client name used with them. */
export type KafkaEndpoint = Readonly<{
  brokers: readonly string[];
  clientId: string;
  logger: Logger;
  /** TLS and the user of the connections. Default: plain text, no user. */
  security?: ClientSecurity;
  /** Name in the groups that are used once, in place of that of the service that reads. */
  reader?: string;
  /** Maximum time for a broker's response before the broker counts as unavailable. Default 15,000. */
  requestTimeoutMs?: number;
}>;

/**
 * Retries inside kafkajs, for connections, metadata and joins. All fields are set: kafkajs has other defaults when
 * NODE_ENV is `test`, and tests would then run with other values than production.
 */
export const clientRetry: RetryOptions = {
  retries: 4,
  initialRetryTime: 100,
  maxRetryTime: 1_000,
  multiplier: 2,
  factor: 0.2,
};

// kafkajs logs repeatedly while a broker is unavailable; the retry loops here log what matters. For debugging only.
const quietLogs =
  (logger: Logger): logCreator =>
  () =>
  ({ namespace, log }) => {
    const { message, timestamp: _timestamp, ...fields } = log;
    logger.debug({ ...fields, namespace, message }, 'kafka.client');
  };

/** Returns the settings of a connection to the brokers, in kafkajs's names. */
export const clientConnection = ({ brokers, clientId, requestTimeoutMs, security }: KafkaEndpoint) => ({
  ...security?.settings(),
  brokers: [...brokers],
  clientId,
  connectionTimeout: 10_000,
  requestTimeout: requestTimeoutMs ?? 15_000,
  retry: clientRetry,
});

/**
 * Creates a kafkajs client. Each consumer requires its own: two consumers of one client would share a map of offsets.
 */
export function createKafka(endpoint: KafkaEndpoint): Kafka {
  registerLz4();
  return new kafkajs.Kafka({
    ...clientConnection(endpoint),
    logLevel: kafkajs.logLevel.WARN,
    logCreator: quietLogs(endpoint.logger),
  });
}
