import type { DeliveryRequested } from '@tidings/contracts';
import { commandBodies } from './command-bodies.ts';
import type { DedupeWindows } from './domain/dedupe-windows.ts';
import type { IndexedSubscription, MatchIndex } from './domain/match-index.ts';
import { requestDelivery } from './domain/request-delivery.ts';
import { matchEvent } from './match-event.ts';
import type { LoggedEvent } from './ports.ts';

/**
 * The result of an event. `filterFailures` counts filters that threw: they
 * match nothing, and are reported to operators.
 */
export type FanOut =
  | Readonly<{
      outcome: 'fanned-out';
      /** The subscriptions that get a command. */
      matched: readonly IndexedSubscription[];
      /** Number of those that are currently disabled. */
      disabledCount: number;
      /** Subscriptions whose command becomes a dead letter, because the data are too large for their filter. */
      notFiltered: readonly IndexedSubscription[];
      filterFailures: number;
      /** Context that the commands carry: that of their send. */
      traceparent: string;
      /** Makes the command of one of these. The caller decides when: those of 10,000 at once would take tens of milliseconds. */
      request: (subscription: IndexedSubscription) => DeliveryRequested;
    }>
  | Readonly<{ outcome: 'unmatched'; filterFailures: number }>
  | Readonly<{ outcome: 'repeat' }>
  | Readonly<{ outcome: 'poison'; reason: 'undecodable' | 'idempotency-conflict'; detail: string }>;

/** Dependencies of the handler. `childTraceparent` returns a context in the event's trace. */
export type FanOutParts = Readonly<{
  index: MatchIndex;
  childTraceparent: (parent: string | undefined) => string;
  /** Maximum data that fits into a command; only a foreign producer can write more. */
  maxDataBytes: number;
}>;

/**
 * Returns the subscriptions that the event matches or that cannot filter it, each for one command. It may run again for the
 * same record after a crash or a rejoin: delivery ids are derived, and the window treats only a larger offset as a repeat.
 */
export const handleEventAccepted = (
  { index, childTraceparent, maxDataBytes }: FanOutParts,
  logged: LoggedEvent,
  windows: Pick<DedupeWindows, 'see'>,
): FanOut => {
  const { event, timestampMs } = logged;
  const dedupeResult = windows.see(logged);
  if (dedupeResult === 'repeat') return { outcome: 'repeat' };
  if (dedupeResult === 'conflict') {
    const detail = `event ${event.id} was accepted before with another body`;
    return { outcome: 'poison', reason: 'idempotency-conflict', detail };
  }
  const candidates = index.candidates(event);
  if (candidates.length === 0) return { outcome: 'unmatched', filterFailures: 0 };
  const match = matchEvent(logged, candidates, { maxDataBytes });
  if (!match.ok) return { outcome: 'poison', reason: 'undecodable', detail: match.detail };
  const { matched, notFiltered, filterFailures } = match;
  if (matched.length + notFiltered.length === 0) return { outcome: 'unmatched', filterFailures };
  const acceptedAtMs = Math.max(0, timestampMs);
  const traceparent = childTraceparent(event.traceparent ?? undefined);
  const bodyFor = commandBodies(event, acceptedAtMs);
  const request = (subscription: IndexedSubscription): DeliveryRequested =>
    requestDelivery({ event, subscription, acceptedAtMs, content: bodyFor(subscription), traceparent });
  const disabledCount = matched.filter(({ isDisabled }) => isDisabled).length;
  const counts = { disabledCount, filterFailures };
  return { outcome: 'fanned-out', matched, notFiltered, ...counts, traceparent, request };
};
