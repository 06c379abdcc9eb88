import { encodeOperationalEvent, topics } from '@tidings/contracts';
import type { Producer } from '@tidings/kafka';
import type { PublishOperationalEvents } from '../ports.ts';

// Whoever publishes keeps what it could not publish and comes again.
const publishDeadlineMs = 5_000;

/** Operational events, on the topic of all events. */
export const operationalEventPublisher =
  (producer: Pick<Producer, 'publishAll'>): PublishOperationalEvents =>
  async (events) => {
    const records = events.map((event) => ({ topic: topics.events, ...encodeOperationalEvent(event) }));
    await producer.publishAll(records, { deadlineMs: publishDeadlineMs });
  };
