import { documentCopyText, type WireRecord } from '@tidings/contracts';
import { digestOf } from './domain/record-digest.ts';

/** Returns a digest of a copy. It is of the text, since another release of zlib may compress it to other bytes. */
export const copyDigestOf = (record: WireRecord): string => digestOf(Buffer.from(documentCopyText(record)));
