import { encodePoison, topics } from '@tidings/contracts';
import { AppError, type Clock, messageOf } from '@tidings/runtime';
import type { IncomingRecord, Producer } from '../bus.ts';

export type DeadLetterWriterOptions = Readonly<{ group: string; clock: Clock; producer: () => Producer }>;

/** Writes records that cannot be worked on to dead-letters, with where they lay and why. Resolves after the ack. */
export function createDeadLetterWriter({ group, clock, producer }: DeadLetterWriterOptions) {
  const publish = async (record: IncomingRecord, detail: string, value: Buffer | null): Promise<void> => {
    const { topic, partition, offset, timestampMs, key, headers } = record;
    const origin = { topic, partition, offset: String(offset), timestampMs, key, headers };
    const poison = { reason: 'undecodable', detail, recordedAtMs: clock.nowMs(), group, origin } as const;
    await producer().publish({ topic: topics.deadLetters, ...encodePoison(poison, value) });
  };
  return async (record: IncomingRecord, error: unknown): Promise<void> => {
    const detail = messageOf(error);
    try {
      await publish(record, detail, record.value);
    } catch (failure) {
      if (!(failure instanceof AppError) || failure.code !== 'payload-too-large') throw failure;
      // Its own size and that of its origin are too much for one record: where it lay is worth more than what it was.
      await publish({ ...record, headers: {} }, `${detail} (value and headers left out: too large)`, null);
    }
  };
}
