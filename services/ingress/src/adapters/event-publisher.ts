import { encodeEvent, topics } from '@tidings/contracts';
import { isTransient, type Producer } from '@tidings/kafka';
import { AppError } from '@tidings/runtime';
import type { PublishEvents } from '../ports.ts';
import { inOwnSpan, recordSends } from './trace-sends.ts';

export type EventPublisherOptions = Readonly<{ producer: Producer; deadlineMs: number }>;

// A failover takes 8 to 14 s. An earlier repeat is harmless and costs little.
const retryAfterMs = 2_000;

/** Creates the publish port over Kafka. */
export const createEventPublisher =
  (options: EventPublisherOptions): PublishEvents =>
  async (events, { deadlineMs = options.deadlineMs }) => {
    const startMs = Date.now();
    const given = events.map(({ event, isRepeatable }) => ({
      topic: topics.events,
      ...encodeEvent(event, { isRepeatable }),
    }));
    const written = given.map(inOwnSpan);
    try {
      await options.producer.publishAll(written, { deadlineMs });
      recordSends({ given, written, startMs });
      return 'log';
    } catch (cause) {
      recordSends({ given, written, startMs, error: isTransient(cause) ? 'unavailable' : 'failed' });
      if (!isTransient(cause)) throw cause;
      throw new AppError({
        code: 'unavailable',
        message:
          'The event log did not confirm the event in time. It may or may not be there: ' +
          'repeat it with the same id or Idempotency-Key.',
        isPublic: true,
        retryAfterMs,
        cause,
      });
    }
  };
