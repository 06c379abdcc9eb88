import type { Logger, Metrics } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';
import { deletedKeptMs } from '../subscriptions/domain/subscription.ts';
import type { HealthStore, SubscriptionStore, SubscriptionTopic } from '../subscriptions/ports.ts';
import { pagesOf } from './sweep-unpublished.ts';

/** What the purge works with. */
export type PurgeParts = Readonly<{
  store: Pick<SubscriptionStore, 'listDeletedBefore' | 'purge'>;
  health: Pick<HealthStore, 'remove'>;
  topic: Pick<SubscriptionTopic, 'publishTombstone'>;
  clock: Clock;
  logger: Logger;
  metrics: Pick<Metrics<typeof metricsCatalogue>['handles'], 'published'>;
}>;

/**
 * Removes subscriptions that were deleted 15 days ago: the record first, then the document, so that a crash in between
 * leaves a document that is purged again, never a record that nobody knows.
 */
export async function purgeDeleted({
  store,
  health,
  topic,
  clock,
  logger,
  metrics,
}: PurgeParts): Promise<number> {
  const deletedBeforeMs = clock.nowMs() - deletedKeptMs;
  let purged = 0;
  for await (const page of pagesOf(async (stretch) =>
    store.listDeletedBefore({ ...stretch, deletedBeforeMs }),
  )) {
    for (const { id, version, workspaceId } of page) {
      await topic.publishTombstone(id);
      metrics.published.inc({ cause: 'tombstone' });
      await health.remove(id);
      await store.purge(id, version);
      logger.info({ workspaceId, subscriptionId: id, version }, 'subscription.purged');
      purged += 1;
    }
  }
  return purged;
}
