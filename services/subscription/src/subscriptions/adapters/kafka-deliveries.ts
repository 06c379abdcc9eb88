import { encodeDelivery, topics } from '@tidings/contracts';
import type { Producer } from '@tidings/kafka';
import type { RequestDelivery } from '../ports.ts';

// A delivery that is not acknowledged by then is queued again in the next run.
const publishDeadlineMs = 5_000;

/** Publishes commands next to those of fan-out: same topic, same key, same partition. */
export const deliveryRequester =
  (producer: Producer): RequestDelivery =>
  async (command) => {
    const wire = encodeDelivery(command);
    await producer.publish({ topic: topics.deliveries, ...wire }, { deadlineMs: publishDeadlineMs });
  };
