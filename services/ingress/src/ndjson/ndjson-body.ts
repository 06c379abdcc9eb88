import type { IncomingMessage } from 'node:http';
import type { BodyLimits } from '@tidings/http';

/** The content types of one JSON text a line: there is no registered one. */
export const ndjsonTypes = ['application/x-ndjson', 'application/jsonl'] as const;

/** Maximum size of a stream of lines, in bytes. The request has 30 s in all. */
const maxNdjsonBytes = 256 * 1024 * 1024;

/** Returns true if a request has one JSON text a line. */
export const isNdjson = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  (ndjsonTypes as readonly string[]).includes(
    (headers['content-type'] ?? '').toLowerCase().split(';', 1)[0]?.trim() ?? '',
  );

/** Returns the limits of a batch by its content type. */
export const batchLimits = (request: IncomingMessage, maxBatchBytes: number): BodyLimits => ({
  maxBytes: isNdjson(request) ? maxNdjsonBytes : maxBatchBytes,
  types: ['application/json', ...ndjsonTypes],
});
