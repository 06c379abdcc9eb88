import type { SubscriptionId } from '@tidings/contracts';
import type { Metrics } from '@tidings/observability';
import type { metricsCatalogue } from '../metrics.ts';
import type { Subscription } from '../subscriptions/domain/subscription.ts';
import type { Listed, Stretch, SubscriptionStore } from '../subscriptions/ports.ts';
import type { Outbox } from './publish-version.ts';

/** What the sweep works with. */
export type SweepParts = Readonly<{
  store: Pick<SubscriptionStore, 'listUnpublished'>;
  outbox: Pick<Outbox, 'publish' | 'isBusy'>;
  metrics: Pick<Metrics<typeof metricsCatalogue>['handles'], 'unpublished'>;
}>;

const pageSize = 200;

/** Every page of a list of subscriptions, one after the other, so that the memory in use stays that of one page. */
export async function* pagesOf(
  read: (stretch: Stretch) => Promise<Listed>,
  limit = pageSize,
): AsyncGenerator<readonly Subscription[]> {
  let afterId: SubscriptionId | null = null;
  do {
    const { items, nextAfterId }: Listed = await read({ afterId, limit });
    yield items;
    afterId = nextAfterId;
  } while (afterId !== null);
}

/**
 * Publishes every version that the topic has not acknowledged: what a crash between write and publish left, and what
 * could not be published before. Says how many it found that no request is publishing at this moment.
 */
export async function sweepUnpublished({ store, outbox, metrics }: SweepParts): Promise<number> {
  let found = 0;
  for await (const page of pagesOf(async (stretch) => store.listUnpublished(stretch))) {
    const left = page.filter(({ id }) => !outbox.isBusy(id));
    found += left.length;
    const published = await Promise.all(
      left.map(async (subscription) => outbox.publish(subscription, 'sweep')),
    );
    // The topic does not answer: the rest would only wait for the same.
    if (published.length > 0 && !published.includes(true)) break;
  }
  metrics.unpublished.set({}, found);
  return found;
}
