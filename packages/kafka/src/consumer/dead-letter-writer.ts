import { encodePoison, type RecordPoisoned, topics } from '@tidings/contracts';
import { type Clock, messageOf } from '@tidings/runtime';
import type { IncomingRecord, OutgoingRecord, Producer } from '../bus.ts';
import { detailOf } from '../client/errors.ts';
import { maxRecordBytes, sizeOf } from '../producer/record-size.ts';
import type { AssignedPartitionsOptions } from './partition-source.ts';

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

export type PoisonRecord = Readonly<{ record: IncomingRecord; error: unknown; done: () => void }>;

/** Logs a poison record and writes it to dead-letters. It is done after the ack. Never rejects. */
export async function deadLetter<T>(
  { poison, run, logger, metrics }: AssignedPartitionsOptions<T>,
  { record, error, done }: PoisonRecord,
): Promise<void> {
  const { topic, partition, offset } = record;
  const fields = { group: run.group, topic, partition, offset: String(offset), detail: detailOf(error) };
  metrics.poisonRecords.inc({ topic });
  logger.warn(fields, 'consumer.record-poisoned');
  try {
    await poison(record, error);
    done();
  } catch (failure) {
    // It stays undone, so the next owner of the partition reads and dead-letters it again.
    logger.error({ ...fields, error: failure }, 'consumer.dead-letter-not-written');
  }
}
