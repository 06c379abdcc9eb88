import { encodeDelivery, topics } from '@tidings/contracts';
import type { Producer } from '@tidings/kafka';
import type { RequestDelivery } from '../ports.ts';

// What is not acknowledged by then is queued again at the next turn.
const publishDeadlineMs = 5_000;

/** Puts commands among those of fan-out: same topic, same key, same partition. */
export const deliveryRequester =
  (producer: Producer): RequestDelivery =>
  async (command) => {
    const wire = encodeDelivery(command);
    await producer.publish({ topic: topics.deliveries, ...wire }, { deadlineMs: publishDeadlineMs });
  };
