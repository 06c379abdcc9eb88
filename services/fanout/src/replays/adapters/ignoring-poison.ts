import { DecodeError } from '@tidings/contracts';
import type { IncomingRecord } from '@tidings/kafka';

/** Wraps a reader of records so that it skips those that cannot be decoded: their consumer dead-letters them. */
export const ignoringPoison = (read: (record: IncomingRecord) => void) => (record: IncomingRecord) => {
  try {
    read(record);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
};
