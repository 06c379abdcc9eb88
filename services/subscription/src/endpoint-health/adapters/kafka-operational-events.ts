import { encodeOperationalEvent, topics } from '@tidings/contracts';
import type { Producer } from '@tidings/kafka';
import type { PublishOperationalEvents } from '../ports.ts';

// The caller retains events that were not published and retries them.
const publishDeadlineMs = 5_000;

/** Publishes operational events to the topic of all events. */
export const operationalEventPublisher =
  (producer: Pick<Producer, 'publishAll'>): PublishOperationalEvents =>
  async (events) => {
    const records = events.map((event) => ({ topic: topics.events, ...encodeOperationalEvent(event) }));
    await producer.publishAll(records, { deadlineMs: publishDeadlineMs });
  };
