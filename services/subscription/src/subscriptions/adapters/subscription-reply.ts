import { etagOf, type Reply } from '@tidings/http';
import type { Logger } from '@tidings/observability';
import { messageOf } from '@tidings/runtime';
import type { Written } from '../../registry/write-version.ts';
import type { Subscription } from '../domain/subscription.ts';
import type { ReadHealth } from '../ports.ts';
import { type KnownHealth, subscriptionView } from './subscription-view.ts';

/** Dependencies of {@link healthOf}. */
export type HealthParts = Readonly<{ readHealth: ReadHealth; logger: Logger }>;

/**
 * Reads the health of endpoints; it is 'unknown' for all of them when the read fails. By then the requested change is
 * complete: a response without health is better than an error, especially when it shows a secret.
 */
export async function healthOf(
  { readHealth, logger }: HealthParts,
  subscriptions: readonly Subscription[],
): Promise<(subscription: Subscription) => KnownHealth> {
  try {
    const found = await readHealth(subscriptions);
    return ({ id }) => found.get(id) ?? 'unknown';
  } catch (error) {
    logger.warn({ detail: messageOf(error) }, 'endpoint-health.not-read');
    return () => 'unknown';
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
  const health = await healthOf(parts, [subscription]);
  const view = subscriptionView(subscription, { propagated, health: health(subscription) });
  return {
    status,
    body: { ...view, ...more },
    headers: { etag: etagOf(subscription), 'cache-control': 'no-store', ...headers },
  };
}
