import { etagOf, type Reply } from '@tidings/http';
import type { Logger } from '@tidings/observability';
import { messageOf } from '@tidings/runtime';
import type { HealthStore } from '../../endpoint-health/ports.ts';
import type { Written } from '../../registry/write-version.ts';
import type { Subscription } from '../domain/subscription.ts';
import { subscriptionView } from './subscription-view.ts';

/** Store from which the health of endpoints is read. */
export type HealthParts = Readonly<{
  endpointHealth: Pick<HealthStore, 'find' | 'findMany'>;
  logger: Logger;
}>;

/**
 * Reads the health of endpoints, or returns 'unknown'. By then the requested change is complete: a response without
 * health is better than an error, especially when it shows a secret.
 */
export async function healthOf<T>({ logger }: HealthParts, read: () => Promise<T>): Promise<T | 'unknown'> {
  try {
    return await read();
  } catch (error) {
    logger.warn({ detail: messageOf(error) }, 'endpoint-health.not-read');
    return 'unknown';
  }
}

/** Contents of the response. `more` is added to the fields; `status` defaults to 200. */
type Shown = Written<Subscription> &
  Readonly<{ more?: object; status?: number; headers?: Readonly<Record<string, string>> }>;

/** Returns the response that shows one subscription. */
export async function subscriptionReply(
  parts: HealthParts,
  { entity: subscription, propagated, more = {}, status = 200, headers = {} }: Shown,
): Promise<Reply> {
  const found = await healthOf(parts, async () => parts.endpointHealth.find(subscription.id));
  const view = subscriptionView(subscription, { propagated, health: found ?? undefined });
  return {
    status,
    body: { ...view, ...more },
    headers: { etag: etagOf(subscription), 'cache-control': 'no-store', ...headers },
  };
}
