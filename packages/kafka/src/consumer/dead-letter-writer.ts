import { encodePoison, type RecordPoisoned, topics } from '@tidings/contracts';
import { type Clock, messageOf } from '@tidings/runtime';
import type { IncomingRecord, OutgoingRecord, Producer } from '../bus.ts';
import { maxRecordBytes, sizeOf } from '../producer/record-size.ts';

/** The reason, the group and the time of a poison record. */
export type PoisonCause = Pick<RecordPoisoned, 'reason' | 'detail' | 'group' | 'recordedAtMs'>;

/**
 * Builds the dead letter of a poison record: its position and content, without value and headers if they do not fit
 * into one record.
 */
export function toDeadLetter(record: IncomingRecord, cause: PoisonCause): OutgoingRecord {
  const { topic, partition, offset, timestampMs, key, headers, value } = record;
  const position = { topic, partition, offset: String(offset), timestampMs, key };
  const complete = encodePoison({ ...cause, origin: { ...position, headers } }, value);
  if (sizeOf(complete) <= maxRecordBytes) return { topic: topics.deadLetters, ...complete };
  // The position is worth more than the content.
  const detail = `${cause.detail} (value and headers left out: too large)`;
  return {
    topic: topics.deadLetters,
    ...encodePoison({ ...cause, detail, origin: { ...position, headers: {} } }, null),
  };
}

export type DeadLetterWriterOptions = Readonly<{ group: string; clock: Clock; producer: () => Producer }>;

/**
 * Returns a function that writes records that cannot be processed to dead-letters, with position and reason. It
 * resolves after the ack.
 */
export function createDeadLetterWriter({ group, clock, producer }: DeadLetterWriterOptions) {
  return async (record: IncomingRecord, error: unknown): Promise<void> => {
    const cause = { detail: messageOf(error), recordedAtMs: clock.nowMs(), group };
    await producer().publish(toDeadLetter(record, { reason: 'undecodable', ...cause }));
  };
}
