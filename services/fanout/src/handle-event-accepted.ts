import { isUtf8 } from 'node:buffer';
import type { DeliveryRequested } from '@tidings/contracts';
import { parseExactly } from '@tidings/json';
import { messageOf } from '@tidings/runtime';
import { bodyRenderer } from '@tidings/webhook-request';
import { type DedupeWindow, fingerprintOf } from './domain/dedupe-window.ts';
import type { IndexedSubscription, MatchIndex } from './domain/match-index.ts';
import { requestDelivery } from './domain/request-delivery.ts';
import type { LoggedEvent } from './ports.ts';

/**
 * The result of an event. `filterFailures` counts filters that threw: they
 * match nothing, and are reported to operators.
 */
export type FanOut =
  | Readonly<{
      outcome: 'fanned-out';
      commands: readonly DeliveryRequested[];
      /** Number of commands for subscriptions that are currently disabled. */
      disabledCount: number;
      filterFailures: number;
    }>
  | Readonly<{ outcome: 'unmatched'; filterFailures: number }>
  | Readonly<{ outcome: 'repeat' }>
  | Readonly<{ outcome: 'poison'; reason: 'undecodable' | 'idempotency-conflict'; detail: string }>;

/** Dependencies of the handler. `childTraceparent` starts the span of this fan-out in the event's trace. */
export type FanOutParts = Readonly<{
  index: MatchIndex;
  childTraceparent: (parent: string | undefined) => string;
  /** Maximum data that fits into a command; only a foreign producer can write more. */
  maxDataBytes: number;
}>;

type Parsed = Readonly<{ ok: true; data: unknown } | { ok: false; detail: string }>;

const parseData = (bytes: Buffer, maxBytes: number, hasFilter: boolean): Parsed => {
  if (bytes.length > maxBytes) {
    return {
      ok: false,
      detail: `the data has ${bytes.length} bytes, at most ${maxBytes} fit into a delivery`,
    };
  }
  if (!isUtf8(bytes)) return { ok: false, detail: 'the data is not UTF-8' };
  try {
    // Filters must not evaluate rounded numbers. Without a filter, only valid JSON matters.
    return {
      ok: true,
      data: hasFilter ? parseExactly(bytes) : (JSON.parse(bytes.toString('utf8')) as unknown),
    };
  } catch (error) {
    return { ok: false, detail: `the data is not JSON (${messageOf(error)})` };
  }
};

const select = (candidates: readonly IndexedSubscription[], data: unknown) => {
  let filterFailures = 0;
  const matched = candidates.filter(({ filter }) => {
    if (filter === null) return true;
    try {
      return filter(data);
    } catch {
      // Expected for data that the filter was not written for: counted as a failure and as no match.
      filterFailures += 1;
      return false;
    }
  });
  return { matched, filterFailures };
};

/**
 * Returns one command for each subscription that the event matches. It may run again for the same record after
 * a crash or a rejoin: delivery ids are derived, and the window treats only a larger offset as a repeat.
 */
export const handleEventAccepted = (
  { index, childTraceparent, maxDataBytes }: FanOutParts,
  { event, offset, timestampMs }: LoggedEvent,
  window: DedupeWindow,
): FanOut => {
  const dedupeResult = window.see({ id: event.id, offset, timestampMs, fingerprint: fingerprintOf(event) });
  if (dedupeResult === 'repeat') return { outcome: 'repeat' };
  if (dedupeResult === 'conflict') {
    const detail = `event ${event.id} was accepted before with another body`;
    return { outcome: 'poison', reason: 'idempotency-conflict', detail };
  }
  const candidates = index.candidates(event);
  if (candidates.length === 0) return { outcome: 'unmatched', filterFailures: 0 };
  // The bytes become part of a JSON body, so they must be JSON, whichever client wrote them.
  const hasFilter = candidates.some(({ filter }) => filter !== null);
  const parsed = parseData(event.data, maxDataBytes, hasFilter);
  if (!parsed.ok) return { outcome: 'poison', reason: 'undecodable', detail: parsed.detail };
  const { matched, filterFailures } = select(candidates, parsed.data);
  if (matched.length === 0) return { outcome: 'unmatched', filterFailures };
  const acceptedAtMs = Math.max(0, timestampMs);
  const traceparent = childTraceparent(event.traceparent ?? undefined);
  const bodyIn = bodyRenderer(event, acceptedAtMs);
  const commands = matched.map((subscription) =>
    requestDelivery({ event, subscription, acceptedAtMs, body: bodyIn(subscription.format), traceparent }),
  );
  const disabledCount = matched.filter(({ isDisabled }) => isDisabled).length;
  return { outcome: 'fanned-out', commands, disabledCount, filterFailures };
};
