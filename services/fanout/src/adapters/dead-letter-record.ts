import { encodePoison, type RecordPoisoned, topics } from '@tidings/contracts';
import { type IncomingRecord, maxRecordBytes, type OutgoingRecord } from '@tidings/kafka';

/** The reason, the group and the time of a dead letter. */
export type DeadLetterCause = Pick<RecordPoisoned, 'reason' | 'detail' | 'group' | 'recordedAtMs'>;

// Its origin is written in addition to the record's own headers, so those count twice.
const envelopeBytes = 4_096;

/**
 * Builds the dead letter of a record: its position and content, without the value if both do not fit into one record.
 */
export const toDeadLetter = (record: IncomingRecord, cause: DeadLetterCause): OutgoingRecord => {
  const { topic, partition, offset, timestampMs, key, headers, value } = record;
  const headerBytes = Buffer.byteLength(JSON.stringify(headers));
  const isTooLarge = (value?.length ?? 0) + headerBytes + envelopeBytes > maxRecordBytes;
  const origin = {
    topic,
    partition,
    offset: String(offset),
    timestampMs,
    key,
    headers: isTooLarge ? {} : headers,
  };
  const detail = isTooLarge ? `${cause.detail} (value and headers left out: too large)` : cause.detail;
  const encoded = encodePoison({ ...cause, detail, origin }, isTooLarge ? null : value);
  return { topic: topics.deadLetters, ...encoded };
};
