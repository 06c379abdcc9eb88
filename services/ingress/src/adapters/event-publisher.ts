import { encodeEvent, topics } from '@tidings/contracts';
import { isTransient, type Producer } from '@tidings/kafka';
import { childTraceparent, isRecorded, recordSpan, sendSpan } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import type { StampedEvent } from '../domain/stamp-event.ts';
import type { PublishEvents } from '../ports.ts';

export type EventPublisherOptions = Readonly<{ producer: Producer; deadlineMs: number }>;

// A failover takes 8 to 14 s. An earlier repeat is harmless and costs little.
const retryAfterMs = 2_000;

// The message carries the context of its send, if that is recorded, else that of the request.
const inSend = ({ event, isRepeatable }: StampedEvent): StampedEvent =>
  isRecorded(event.traceparent)
    ? { event: { ...event, traceparent: childTraceparent(event.traceparent) }, isRepeatable }
    : { event, isRepeatable };

type Sent = Readonly<{ requested: readonly StampedEvent[]; sent: readonly StampedEvent[]; startMs: number }>;

const recordSends = ({ requested, sent, startMs }: Sent, error?: string): void => {
  for (const [at, { event }] of sent.entries()) {
    const { traceparent } = event;
    if (!isRecorded(traceparent)) continue;
    const span = { traceparent, parent: requested[at]?.event.traceparent, startMs };
    const failed = error === undefined ? {} : { error };
    recordSpan(sendSpan({ ...span, ...failed, topic: topics.events.name, messageId: event.id }));
  }
};

/** Creates the publish port over Kafka. */
export const createEventPublisher =
  (options: EventPublisherOptions): PublishEvents =>
  async (events, { deadlineMs = options.deadlineMs }) => {
    const sent = events.map(inSend);
    const spans = { requested: events, sent, startMs: Date.now() };
    const records = sent.map(({ event, isRepeatable }) => ({
      topic: topics.events,
      ...encodeEvent(event, { isRepeatable }),
    }));
    try {
      await options.producer.publishAll(records, { deadlineMs });
      recordSends(spans);
      return 'log';
    } catch (cause) {
      recordSends(spans, isTransient(cause) ? 'unavailable' : 'failed');
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
