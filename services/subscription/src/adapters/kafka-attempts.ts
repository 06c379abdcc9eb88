import { encodeAttempt, topics } from '@tidings/contracts';
import type { Producer } from '@tidings/kafka';
import type { RecordAttempt } from '../ports.ts';

const recordDeadlineMs = 1_000;

/** Records attempts beside those of delivery: same topic, same key, same partition. */
export const attemptRecorder =
  (producer: Producer): RecordAttempt =>
  async (attempt, traceparent) => {
    const wire = encodeAttempt(attempt, traceparent);
    await producer.publish({ topic: topics.attempts, ...wire }, { deadlineMs: recordDeadlineMs });
  };
