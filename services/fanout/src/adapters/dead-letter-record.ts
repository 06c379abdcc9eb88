import { encodePoison, type RecordPoisoned, topics } from '@tidings/contracts';
import { type IncomingRecord, maxRecordBytes, type OutgoingRecord } from '@tidings/kafka';

/** Why a record goes to dead-letters, who says so, and when. */
export type DeadLetterCause = Pick<RecordPoisoned, 'reason' | 'detail' | 'group' | 'recordedAtMs'>;

// Its origin is written beside the record's own headers, so those count twice.
const envelopeBytes = 4_096;

/** The dead letter of a record: where it lay and what it was; without its value when both do not fit into one record. */
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
