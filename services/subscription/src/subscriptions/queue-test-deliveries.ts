import { encodeDelivery, topics } from '@tidings/contracts';
import type { Producer } from '@tidings/kafka';
import { bodyRenderer } from '@tidings/webhook-request';
import type { Documents } from '../registry/documents.ts';
import { pagesOf } from '../registry/maintenance/sweep-unpublished.ts';
import { pendingTestDelivery } from './domain/pending-test-delivery.ts';
import type { Subscription } from './domain/subscription.ts';

/** Dependencies of {@link queueTestDeliveries}. */
export type QueueParts = Pick<Documents<Subscription>, 'kind' | 'store' | 'logger'> &
  Readonly<{ producer: Pick<Producer, 'publish'> }>;

// A delivery that is not acknowledged by then is queued again in the next run.
const publishDeadlineMs = 5_000;

const where = { in: { test_owed: [true], unpublished: [false] } };

/**
 * Publishes the test of each new subscription, once the subscription itself is on its topic. A flag in the document
 * marks the pending test and is removed when the brokers have acknowledged the command. After a crash in between, or a
 * concurrent write, the same delivery is published again, and the delivery service recognises it by its id.
 */
export async function queueTestDeliveries({ kind, store, producer, logger }: QueueParts): Promise<number> {
  let queued = 0;
  for await (const page of pagesOf(async (page) => store.listAll({ ...page, where }))) {
    for (const subscription of page) {
      const { state, event } = pendingTestDelivery(subscription);
      const body = bodyRenderer(event, state.acceptedAtMs)(state.format);
      const wire = encodeDelivery({ state, body, traceparent: null });
      await producer.publish({ topic: topics.deliveries, ...wire }, { deadlineMs: publishDeadlineMs });
      await store.setFlags(subscription.id, subscription.version, { test_owed: false });
      const { deliveryId } = state;
      logger.info({ ...kind.logFields(subscription), deliveryId }, 'test.queued');
      queued += 1;
    }
  }
  return queued;
}
