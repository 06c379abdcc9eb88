import { encodeSubscription, type SubscriptionId, subscriptionId } from '@tidings/contracts';
import type { Logger, Metrics } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';
import { raisedAbove, recordOf, type Subscription } from '../subscriptions/domain/subscription.ts';
import type { SubscriptionStore, SubscriptionTopic } from '../subscriptions/ports.ts';
import type { LandedVersions } from './domain/landed-versions.ts';
import { digestOf } from './domain/record-digest.ts';
import type { Outbox } from './publish-version.ts';
import { pagesOf } from './sweep-unpublished.ts';

/** What the comparison works with. */
export type CompareParts = Readonly<{
  store: Pick<SubscriptionStore, 'listAll' | 'findAnywhere' | 'replace'>;
  topic: Pick<SubscriptionTopic, 'publishTombstone'>;
  outbox: Pick<Outbox, 'publish' | 'isBusy'>;
  landed: LandedVersions;
  clock: Clock;
  logger: Logger;
  metrics: Pick<Metrics<typeof metricsCatalogue>['handles'], 'differences' | 'subscriptions'>;
}>;

/** How a comparison ended. `orphans`: records of which the registry knows nothing. */
export type Comparison = Readonly<{
  compared: number;
  republished: number;
  tombstones: number;
  orphans: number;
}>;

type Difference = 'missing' | 'older' | 'newer' | 'other';

function differenceOf(subscription: Subscription, landed: LandedVersions): Difference | null {
  const last = landed.lastOf(subscription.id);
  if (last === undefined) return 'missing';
  // The database has lost a write that it had acknowledged, or was restored from a backup.
  if (landed.newestVersionOf(subscription.id) > subscription.version) return 'newer';
  if (last.version < subscription.version) return 'older';
  const { value } = encodeSubscription(recordOf(subscription));
  return value !== null && digestOf(value) === last.digest ? null : 'other';
}

/** Publishes every subscription whose last record on the topic is not its current version. The registry is right. */
export async function compareTopic(parts: CompareParts): Promise<Comparison> {
  const known = new Set<string>();
  const states = { active: 0, disabled: 0, deleted: 0 };
  let republished = 0;
  for await (const page of pagesOf(async (stretch) => parts.store.listAll(stretch))) {
    for (const subscription of page) {
      known.add(subscription.id);
      states[subscription.state] += 1;
      if (await repair(parts, subscription)) republished += 1;
    }
  }
  for (const [state, count] of Object.entries(states)) parts.metrics.subscriptions.set({ state }, count);
  const strangers = await dealWithStrangers(parts, known);
  const comparison = { compared: known.size, republished, ...strangers };
  parts.logger.info(comparison, 'registry.compared');
  return comparison;
}

async function repair(parts: CompareParts, subscription: Subscription): Promise<boolean> {
  const { outbox, landed, logger, metrics } = parts;
  const { id, version } = subscription;
  // On its way, or the sweep's to publish.
  if (subscription.isUnpublished || outbox.isBusy(id)) return false;
  const kind = differenceOf(subscription, landed);
  if (kind === null) return false;
  const current = kind === 'newer' ? await raise(parts, id) : subscription;
  if (current === null) return false;
  metrics.differences.inc({ kind });
  logger.warn({ subscriptionId: id, version, kind }, 'subscription.differs');
  return outbox.publish(current, 'difference');
}

// A write is in the registry before it is on the topic, so what is read after the topic is at least as new, unless the
// registry has lost it.
async function raise(
  { store, landed, clock }: CompareParts,
  id: SubscriptionId,
): Promise<Subscription | null> {
  const newestVersion = landed.newestVersionOf(id);
  const current = await store.findAnywhere(id);
  if (current === null || current.version >= newestVersion) return null;
  const raised = raisedAbove(current, newestVersion, clock.nowMs());
  return (await store.replace(raised, current.version)) ? raised : null;
}

/**
 * Records without a document. Of a deleted subscription that is what a purge leaves when it dies in the middle, and gets
 * its tombstone. Of any other it means that the database lost documents: removing the records as well would silence
 * every one of their endpoints, so they stay, and an operator is told.
 */
async function dealWithStrangers(
  { store, topic, landed, logger, metrics }: CompareParts,
  known: ReadonlySet<string>,
): Promise<Readonly<{ tombstones: number; orphans: number }>> {
  let tombstones = 0;
  let orphans = 0;
  for (const key of [...landed.keys()].filter((candidate) => !known.has(candidate))) {
    const id = subscriptionId(key);
    // Written after its page was read.
    if ((await store.findAnywhere(id)) !== null) continue;
    const last = landed.lastOf(key);
    if (last === undefined) continue;
    if (last.isDeleted) {
      await topic.publishTombstone(id);
      tombstones += 1;
      continue;
    }
    orphans += 1;
    metrics.differences.inc({ kind: 'orphan' });
    logger.error({ subscriptionId: id, version: last.version }, 'subscription.orphaned');
  }
  return { tombstones, orphans };
}
