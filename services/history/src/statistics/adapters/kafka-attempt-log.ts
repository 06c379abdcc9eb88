import { DecodeError, decodeAttempt, topics } from '@tidings/contracts';
import type { Bus } from '@tidings/kafka';
import { factOfAttempt } from '../domain/fact.ts';
import type { AttemptLog } from '../ports.ts';

/** Creates a reader of the attempts that count. `service` names it to the brokers. */
export const createAttemptLog = (bus: Pick<Bus, 'readRange'>, service: string): AttemptLog => ({
  read: async ({ partition, from, until }, onAttempt) =>
    bus.readRange({
      topic: topics.attempts,
      partitions: [partition],
      from: { offsets: new Map([[partition, BigInt(from)]]) },
      until: new Map([[partition, BigInt(until)]]),
      service,
      onRecord: (record) => {
        try {
          const fact = factOfAttempt(decodeAttempt(record), record);
          if (fact?.attempt != null) onAttempt(fact.attempt, fact.offset);
        } catch (error) {
          // It is a dead letter, and counted nowhere.
          if (!(error instanceof DecodeError)) throw error;
        }
      },
    }),
});
