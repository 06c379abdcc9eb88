import { encodePoison, topics } from '@tidings/contracts';
import { AppError, type Clock, messageOf } from '@tidings/runtime';
import type { IncomingRecord, Producer } from '../bus.ts';

export type DeadLetterWriterOptions = Readonly<{ group: string; clock: Clock; producer: () => Producer }>;

/**
 * Returns a function that writes records that cannot be processed to dead-letters, with position and reason. It
 * resolves after the ack.
 */
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
      // The record and its origin together exceed one record: its position is worth more than its content.
      await publish({ ...record, headers: {} }, `${detail} (value and headers left out: too large)`, null);
    }
  };
}
