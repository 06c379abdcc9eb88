import type { AdminEndpoint } from './admin-endpoint.ts';
import { withAdmin } from './with-admin.ts';

/**
 * Returns how many brokers the cluster has. Throws AppError `unavailable`, with the reason, if none answers or this client
 * is refused.
 */
export async function countBrokers(endpoint: AdminEndpoint): Promise<number> {
  return withAdmin(endpoint, {
    clientId: 'tidings-topics',
    problem: `no broker answers at ${endpoint.brokers.join(',')}`,
    run: async (admin) => (await admin.describeCluster()).brokers.length,
  });
}
