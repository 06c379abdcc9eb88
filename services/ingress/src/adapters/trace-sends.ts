import { topics } from '@tidings/contracts';
import { childTraceparent, createSpan, isRecorded, recordSpan, sendSpan } from '@tidings/observability';

/** A record of the events topic. `timestampMs`: time at which its event was accepted, if it waited since. */
type EventRecord = Readonly<{ headers: Readonly<Record<string, string>>; timestampMs?: number }>;

/** Records as they were given and, in the same order, as they are written. */
type Written = Readonly<{
  given: readonly EventRecord[];
  written: readonly EventRecord[];
  startMs: number;
  error?: string;
}>;

/** Returns a record as it is written: if its trace is recorded, with the context of a span of its own, else as it is. */
export const inOwnSpan = <R extends EventRecord>(record: R): R => {
  const parent = record.headers['traceparent'];
  if (!isRecorded(parent)) return record;
  return { ...record, headers: { ...record.headers, traceparent: childTraceparent(parent) } };
};

const eachRecorded = (
  { given, written, startMs, error }: Written,
  record: (span: Parameters<typeof createSpan>[0], from: EventRecord) => void,
): void => {
  for (const [at, { headers }] of written.entries()) {
    const { traceparent } = headers;
    const from = given[at];
    if (!isRecorded(traceparent) || from === undefined) continue;
    const parent = from.headers['traceparent'];
    const messageId = headers['ce_id'] ?? '';
    const failed = error === undefined ? {} : { error };
    record({ traceparent, parent, startMs, topic: topics.events.name, messageId, ...failed }, from);
  }
};

/** Records the spans of sends to the log. */
export const recordSends = (written: Written): void =>
  eachRecorded(written, (span) => recordSpan(sendSpan(span)));

/** Records the spans of events that the spool has. */
export const recordSpooled = (written: Written): void =>
  eachRecorded(written, (span) => {
    recordSpan(createSpan({ ...span, attributes: { 'tidings.outcome': 'spooled' } }));
  });

/** Records the spans of sends from the spool to the log. */
export const recordDrained = (written: Written): void =>
  eachRecorded(written, (span, { timestampMs = span.startMs }) => {
    const attributes = { 'tidings.wait_ms': Math.max(0, span.startMs - timestampMs) };
    recordSpan(sendSpan({ ...span, attributes }));
  });
