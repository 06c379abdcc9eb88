import type { SubscriptionId } from '@tidings/contracts';
import type { Logger, Metrics } from '@tidings/observability';
import type { metricsCatalogue } from '../metrics.ts';
import type { SubscriptionStore } from '../subscriptions/ports.ts';
import type { LandedVersions } from './domain/landed-versions.ts';
import type { Outbox } from './publish-version.ts';

/** What the repair of overtaken records works with. */
export type OvertakenParts = Readonly<{
  store: Pick<SubscriptionStore, 'findAnywhere'>;
  outbox: Pick<Outbox, 'publish'>;
  landed: LandedVersions;
  logger: Logger;
  metrics: Pick<Metrics<typeof metricsCatalogue>['handles'], 'differences'>;
}>;

/**
 * Publishes the current version of each subscription whose last record on the topic is an older one: two instances, one
 * of them stalled between its write and its publish. `overtaken` loses an id when that is done, and keeps it otherwise.
 */
export async function republishOvertaken(
  { store, outbox, landed, logger, metrics }: OvertakenParts,
  overtaken: Set<SubscriptionId>,
): Promise<number> {
  let repaired = 0;
  for (const id of [...overtaken]) {
    // Off the list before it is read: a record that lands from here on puts it back.
    overtaken.delete(id);
    const isDone = await republish(id).catch((error: unknown) => {
      overtaken.add(id);
      throw error;
    });
    if (isDone) repaired += 1;
    else overtaken.add(id);
  }
  return repaired;

  async function republish(id: SubscriptionId): Promise<boolean> {
    const current = await store.findAnywhere(id);
    // Purged in the meantime: the comparison with the registry deals with what is left on the topic.
    if (current === null) return true;
    // Its readers hold a version that the registry does not have: publishing it again would not end that.
    if (current.version < landed.newestVersionOf(id)) return true;
    metrics.differences.inc({ kind: 'overtaken' });
    logger.warn({ subscriptionId: id, version: current.version }, 'subscription.overtaken');
    return outbox.publish(current, 'stale');
  }
}
