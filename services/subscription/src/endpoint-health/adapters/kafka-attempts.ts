import { type AttemptRecorded, decodeAttempt, encodeAttempt, topics } from '@tidings/contracts';
import type { Bus, PartitionRunner, Producer } from '@tidings/kafka';
import type { AttemptCounter } from '../attempt-counter.ts';
import type { RecordAttempt } from '../ports.ts';

const recordDeadlineMs = 1_000;

/** Records attempts beside those of delivery: same topic, same key, same partition. */
export const attemptRecorder =
  (producer: Producer): RecordAttempt =>
  async (attempt, traceparent) => {
    const wire = encodeAttempt(attempt, traceparent);
    await producer.publish({ topic: topics.attempts, ...wire }, { deadlineMs: recordDeadlineMs });
  };

// Facts are small and a turn of counting takes them all: enough that a flood is not held up by the pause between turns.
const maxPendingPerPartition = 5_000;
// Counting waits for its next turn anyway.
const fetchSettings = { minBytes: 64 * 1024, maxWaitMs: 1_000 } as const;

/** Feeds a counter from the attempts topic. Instances of one group share the partitions. */
export const consumeAttempts = async (
  bus: Bus,
  counter: AttemptCounter,
  group: string,
): Promise<PartitionRunner> =>
  bus.runPartitions<AttemptRecorded>({
    group,
    topics: [topics.attempts],
    decode: decodeAttempt,
    onAssigned: async (assignment) => counter.assigned(assignment),
    onRevoked: ({ partition }) => counter.revoked(partition),
    onBatch: (batch) => counter.take(batch),
    maxPendingPerPartition,
    ...fetchSettings,
  });
