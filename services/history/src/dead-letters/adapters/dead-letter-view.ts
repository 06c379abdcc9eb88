import { isUtf8 } from 'node:buffer';
import type { AttemptSummary } from '@tidings/contracts';
import type { Content, DeadLetter } from '../domain/dead-letter.ts';
import type { DeadLetterFilters } from '../domain/dead-letter-filters.ts';
import type { DeadLetterSpec } from '../domain/dead-letter-job.ts';
import type { DeadLetterCount } from '../ports.ts';

const isoTime = (ms: number): string => new Date(ms).toISOString();

// Enough to recognise the content; a redrive sends all of it.
const maxShownBytes = 64 * 1024;

/** Formats bytes for display, up to 64 KiB: as text if they are valid text, else as base64. */
const bodyView = (bytes: Buffer): object => {
  const shown = bytes.subarray(0, maxShownBytes);
  const isTruncated = shown.length < bytes.length;
  // The cut may split a character; up to three of its bytes are then left out.
  for (let cut = 0; cut <= (isTruncated ? 3 : 0); cut += 1) {
    const text = shown.subarray(0, shown.length - cut);
    if (isUtf8(text)) {
      return {
        encoding: 'utf-8',
        content: text.toString('utf8'),
        bytes: bytes.length,
        is_truncated: isTruncated,
      };
    }
  }
  return {
    encoding: 'base64',
    content: shown.toString('base64'),
    bytes: bytes.length,
    is_truncated: isTruncated,
  };
};

const deliveryPart = ({ ref }: DeadLetter): object =>
  ref.kind === 'delivery'
    ? { delivery_id: ref.deliveryId, chain: ref.chain }
    : { delivery_id: null, chain: null };

const originPart = ({ ref, detail }: DeadLetter): object | null =>
  ref.kind === 'delivery'
    ? null
    : { topic: ref.topic, partition: ref.partition, offset: ref.offset, group: ref.group, detail };

/** Returns a dead letter as a list shows it. */
export const deadLetterView = (deadLetter: DeadLetter): object => ({
  id: deadLetter.id,
  kind: deadLetter.ref.kind,
  state: deadLetter.state,
  reason: deadLetter.reason,
  ...deliveryPart(deadLetter),
  event_id: deadLetter.eventId,
  event_type: deadLetter.eventType,
  subscription_id: deadLetter.subscriptionId,
  consumer_id: deadLetter.consumerId,
  attempt_count: deadLetter.attemptCount,
  last_status_code: deadLetter.lastStatusCode,
  last_error: deadLetter.lastError,
  first_error_at: isoTime(deadLetter.firstErrorAtMs),
  last_error_at: isoTime(deadLetter.lastErrorAtMs),
  recorded_at: isoTime(deadLetter.recordedAtMs),
  bytes: deadLetter.bytes,
  erased: deadLetter.isErased === true,
  origin: originPart(deadLetter),
  job_id: deadLetter.taken?.jobId || null,
  redriven_chain: deadLetter.taken?.chain || null,
  settled:
    deadLetter.settled === null
      ? null
      : {
          at: isoTime(deadLetter.settled.atMs),
          by: deadLetter.settled.by,
          reason: deadLetter.settled.reason,
        },
});

const attemptView = ({ atMs, statusCode, reason, durationMs }: AttemptSummary): object => ({
  at: isoTime(atMs),
  status_code: statusCode,
  reason,
  duration_ms: durationMs,
});

const contentView = (content: Content | null): object => {
  if (content === null || content.kind === 'erased')
    return { command: null, attempts: [], record: null, body: null };
  if (content.kind === 'poison') {
    const { origin } = content.poison;
    const record = {
      key: origin.key,
      headers: origin.headers,
      timestamp: isoTime(Math.max(0, origin.timestampMs)),
    };
    return { command: null, attempts: [], record, body: bodyView(content.value) };
  }
  const { state, body } = content.command;
  return {
    command: {
      trigger: state.trigger,
      attempt: state.attempt,
      position: state.position,
      format: state.format,
      ordering_key: state.orderingKey,
      subscription_version: state.subscriptionVersion,
      accepted_at: isoTime(state.acceptedAtMs),
    },
    attempts: state.attempts.map(attemptView),
    record: null,
    body: bodyView(body),
  };
};

/** Returns a dead letter with its content. */
export const deadLetterDetailView = (deadLetter: DeadLetter, content: Content | null): object => ({
  ...deadLetterView(deadLetter),
  ...contentView(content),
});

/** Returns counts by kind, reason and state, and their total. */
export const countsView = (counts: readonly DeadLetterCount[]): object => ({
  total: counts.reduce((sum, { count }) => sum + count, 0),
  data: counts
    .toSorted((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1))
    .map(({ kind, reason, state, count, oldestAtMs }) => ({
      kind,
      reason,
      state,
      count,
      oldest_at: isoTime(oldestAtMs),
    })),
});

const filterView = (filters: DeadLetterFilters): object => ({
  ...(filters.id === undefined ? {} : { id: filters.id }),
  ...(filters.kind === undefined ? {} : { kind: filters.kind }),
  ...(filters.reasons === undefined ? {} : { reasons: filters.reasons }),
  ...(filters.eventId === undefined ? {} : { event_id: filters.eventId }),
  ...(filters.subscriptionId === undefined ? {} : { subscription_id: filters.subscriptionId }),
  ...(filters.consumerId === undefined ? {} : { consumer_id: filters.consumerId }),
  ...(filters.eventType === undefined ? {} : { event_type: filters.eventType }),
  ...(filters.recordedAfterMs === undefined ? {} : { recorded_after: isoTime(filters.recordedAfterMs) }),
  ...(filters.recordedBeforeMs === undefined ? {} : { recorded_before: isoTime(filters.recordedBeforeMs) }),
  ...(filters.subscriptionVersionBelow === undefined
    ? {}
    : { subscription_version_below: filters.subscriptionVersionBelow }),
});

/** Returns the request of a job over dead letters. */
export const requestView = ({ filters, reason }: DeadLetterSpec): object => ({
  filter: filterView(filters),
  ...(reason === null ? {} : { reason }),
});
