import { bodyRenderer } from '@tidings/webhook-request';
import type { Documents } from '../registry/documents.ts';
import { pagesOf } from '../registry/maintenance/sweep-unpublished.ts';
import { pendingTestDelivery } from './domain/pending-test-delivery.ts';
import type { Subscription } from './domain/subscription.ts';
import type { RequestDelivery } from './ports.ts';

/** Dependencies of {@link queueTestDeliveries}. */
export type QueueParts = Pick<Documents<Subscription>, 'kind' | 'store' | 'logger'> &
  Readonly<{ requestDelivery: RequestDelivery }>;

const where = { in: { test_owed: [true], unpublished: [false] } };

/**
 * Publishes the test of each new subscription, once the subscription itself is on its topic. A flag in the document
 * marks the pending test and is removed when the brokers have acknowledged the command. After a crash in between, or a
 * concurrent write, the same delivery is published again, and the delivery service recognises it by its id.
 */
export async function queueTestDeliveries({
  kind,
  store,
  requestDelivery,
  logger,
}: QueueParts): Promise<number> {
  let queued = 0;
  for await (const page of pagesOf(async (page) => store.listAll({ ...page, where }))) {
    for (const subscription of page) {
      const { state, event } = pendingTestDelivery(subscription);
      const body = bodyRenderer(event, state.acceptedAtMs)(state.format);
      await requestDelivery({ state, body, traceparent: null });
      await store.setFlags(subscription.id, subscription.version, { test_owed: false });
      const { deliveryId } = state;
      logger.info({ ...kind.logFields(subscription), deliveryId }, 'test.queued');
      queued += 1;
    }
  }
  return queued;
}
