import { deriveDeliveryId, type SubscriptionId } from '@tidings/contracts';
import type { LoggedEvent } from '../ports.ts';
import { DeliveryChains } from './domain/delivery-chains.ts';
import type { MatchReplayed } from './match-replayed.ts';
import type { DeliveryFacts, ReplayLog, Span } from './ports.ts';
import { readSpan } from './read-span.ts';

/**
 * Maximum deliveries that are looked up at once, beside those of the event that reaches it: about 20 MB. A longer span
 * is processed in parts.
 */
const maxLookUps = 100_000;

type Parts = Readonly<{
  log: ReplayLog;
  facts: Pick<DeliveryFacts, 'whenFannedOut' | 'read'>;
  match: MatchReplayed;
  accepts: (headers: Readonly<Record<string, string>>) => boolean;
  signal: AbortSignal;
  maxDeliveries?: number;
}>;

/** The beginning of a span, and which of its deliveries are missing. */
export type MissingPart = Readonly<{ part: Span; chains: DeliveryChains }>;

/**
 * Reads the beginning of a span, as far as its deliveries can be looked up at once, and finds out which of them were
 * delivered or are under way.
 */
export const findMissing = async (span: Span, parts: Parts): Promise<MissingPart> => {
  const { log, facts, match, accepts, signal, maxDeliveries = maxLookUps } = parts;
  await facts.whenFannedOut(span, signal);
  const chains = new DeliveryChains();
  const subscriptions = new Set<SubscriptionId>();
  const reached = new Map([...span].map(([partition, { next }]) => [partition, next]));
  let sinceMs = Infinity;
  const look = async (logged: LoggedEvent): Promise<void> => {
    sinceMs = Math.min(sinceMs, logged.timestampMs);
    for (const { id } of (await match(logged))?.matched ?? []) {
      subscriptions.add(id);
      chains.add(deriveDeliveryId(logged.event.id, id));
    }
  };
  for await (const { partition, events, next } of readSpan(log, span, { accepts, signal })) {
    for (const logged of events) {
      await look(logged);
      reached.set(partition, logged.offset + 1);
      // Here, not after the chunk: 500 events may match a thousand subscriptions each.
      if (chains.size >= maxDeliveries) break;
    }
    if (chains.size >= maxDeliveries) break;
    reached.set(partition, next);
  }
  if (chains.size > 0 && !signal.aborted) await facts.read(chains, { sinceMs, subscriptions });
  const part = [...span].map(
    ([partition, { next }]) => [partition, { next, end: reached.get(partition) ?? next }] as const,
  );
  return { part: new Map(part), chains };
};
