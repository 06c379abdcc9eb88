import { type AttemptRecorded, attemptId } from '@tidings/contracts';
import { binOf } from './latency-histogram.ts';

/** The counts of a cell. `failed` are failed attempts; the others are deliveries or, `accepted`, events. */
export const countNames = ['accepted', 'delivered', 'failed', 'dead_lettered', 'suppressed'] as const;

/** See {@link countNames}. */
export type CountName = (typeof countNames)[number];

/** The histograms of a cell: duration of attempts, and time from acceptance to delivery. */
export const histogramNames = ['attempt', 'accept_to_delivered'] as const;

/** See {@link histogramNames}. */
export type HistogramName = (typeof histogramNames)[number];

/** The contribution of one record to the statistics, with its position in the log. */
export type Fact = Readonly<{
  topic: string;
  partition: number;
  offset: number;
  /** The id of the attempt; null for an event. */
  attempt: string | null;
  workspaceId: string;
  consumerId: string | null;
  /** null for what concerns an event as a whole. */
  subscriptionId: string | null;
  eventType: string;
  /** The time that selects the buckets. */
  atMs: number;
  counts: readonly CountName[];
  bins: Readonly<Partial<Record<HistogramName, number>>>;
}>;

/** The position of a record. */
export type Position = Readonly<{ topic: string; partition: number; offset: bigint | number }>;

type Added = Pick<Fact, 'counts' | 'bins'>;

// Made once: facts wait in large numbers.
const countsOf = {
  accepted: ['accepted'],
  delivered: ['delivered'],
  failed: ['failed'],
  failedForGood: ['failed', 'dead_lettered'],
  deadLettered: ['dead_lettered'],
  suppressed: ['suppressed'],
} as const satisfies Record<string, readonly CountName[]>;
const noBins: Fact['bins'] = {};

/**
 * Returns what an attempt event adds; null for nothing. A dropped duplicate of a command is no end of a delivery. The
 * time to delivery is that of the first chain: a redrive of last week's event says nothing about the pipeline.
 */
const addedBy = ({ outcome, next, chain, atMs, durationMs, acceptedAtMs }: AttemptRecorded): Added | null => {
  switch (outcome.kind) {
    case 'delivered': {
      const attempt = binOf(durationMs);
      if (chain !== 0) return { counts: countsOf.delivered, bins: { attempt } };
      const accept_to_delivered = binOf(Math.max(0, atMs + durationMs - acceptedAtMs));
      return { counts: countsOf.delivered, bins: { attempt, accept_to_delivered } };
    }
    case 'failed':
      return {
        counts: next.kind === 'dead-letter' ? countsOf.failedForGood : countsOf.failed,
        bins: { attempt: binOf(durationMs) },
      };
    case 'set-aside':
      return { counts: countsOf.deadLettered, bins: noBins };
    case 'suppressed':
      return outcome.reason === 'duplicate-command' ? null : { counts: countsOf.suppressed, bins: noBins };
    case 'deferred':
      return null;
  }
};

/** Returns what a record of the attempts topic adds; null for a test, and for what is no outcome. */
export const factOfAttempt = (attempt: AttemptRecorded, position: Position): Fact | null => {
  const added = attempt.trigger === 'test' ? null : addedBy(attempt);
  if (added === null) return null;
  const { workspaceId, consumerId, subscriptionId, eventType, atMs } = attempt;
  const { topic, partition, offset } = position;
  const { counts, bins } = added;
  // Without spreads, which cost as much as the rest: this runs for every attempt.
  return {
    topic,
    partition,
    offset: Number(offset),
    attempt: attemptId(attempt),
    workspaceId,
    consumerId,
    subscriptionId,
    eventType,
    atMs,
    counts,
    bins,
  };
};

/** The fields of an accepted event that the statistics use. */
type AcceptedEvent = Readonly<{
  workspaceId: string;
  consumerId: string | null;
  type: string;
  acceptedAtMs: number;
}>;

/** Returns what an accepted event adds. */
export const factOfEvent = (event: AcceptedEvent, { topic, partition, offset }: Position): Fact => ({
  topic,
  partition,
  offset: Number(offset),
  attempt: null,
  workspaceId: event.workspaceId,
  consumerId: event.consumerId,
  subscriptionId: null,
  eventType: event.type,
  atMs: event.acceptedAtMs,
  counts: countsOf.accepted,
  bins: noBins,
});
