import type { Logger } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import type { ClientSecurity } from '../security/client-security.ts';
import { createKafka } from './client.ts';
import { detailOf } from './errors.ts';

/**
 * Returns how many brokers the cluster has. Throws AppError `unavailable`, with the reason, if none answers or this client
 * is refused.
 */
export async function countBrokers(
  endpoint: Readonly<{ brokers: readonly string[]; security?: ClientSecurity; logger: Logger }>,
): Promise<number> {
  const admin = createKafka({ ...endpoint, clientId: 'tidings-topics' }).admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length;
  } catch (error) {
    const message = `no broker answers at ${endpoint.brokers.join(',')}: ${detailOf(error)}`;
    throw new AppError({ code: 'unavailable', message, cause: error });
  } finally {
    await admin.disconnect();
  }
}
