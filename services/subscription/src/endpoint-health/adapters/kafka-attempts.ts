import { type AttemptRecorded, decodeAttempt, topics } from '@tidings/contracts';
import type { Bus, PartitionRunner } from '@tidings/kafka';
import type { AttemptCounter } from '../attempt-counter.ts';

// Attempt events are small, and one run of counting processes all of them. The limit is high enough that the pause
// between runs does not throttle a burst.
const maxPendingPerPartition = 5_000;
// Attempts wait for the next run of counting anyway.
const fetchSettings = { fetchIntervalMs: 500 } as const;

/** Consumes the attempts topic into a counter. Instances of one group share the partitions. */
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
