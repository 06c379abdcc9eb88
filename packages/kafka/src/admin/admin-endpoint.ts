import type { Logger } from '@tidings/observability';
import type { ClientSecurity } from '../security/client-security.ts';

/**
 * The brokers to ask, and how to connect to them. In a file without kafkajs: published declarations refer to this type, and kafkajs
 * has none there.
 */
export type AdminEndpoint = Readonly<{
  brokers: readonly string[];
  security?: ClientSecurity;
  logger: Logger;
}>;
