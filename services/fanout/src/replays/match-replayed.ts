import type { Filter, IndexedSubscription, MatchIndex } from '../domain/match-index.ts';
import { matchEvent } from '../match-event.ts';
import type { LoggedEvent } from '../ports.ts';
import { coversEvent, coversSubscription, type ReplayOrder } from './domain/replay-scope.ts';

type Parts = Readonly<{
  index: MatchIndex;
  order: ReplayOrder;
  /** The filter of the replay. */
  filter: Filter | null;
  maxDataBytes: number;
}>;

/** Returns the subscriptions that an event is replayed to; undefined for an event that the replay does not cover. */
export type MatchReplayed = (
  logged: LoggedEvent,
) => Readonly<{ matched: readonly IndexedSubscription[]; disabled: number }> | undefined;

/**
 * Creates the matching of a replay: that of live events, for the subscriptions as they are now, within what the order
 * covers. A disabled subscription gets nothing, because it would only collect dead letters.
 */
export const createMatchReplayed =
  ({ index, order, filter, maxDataBytes }: Parts): MatchReplayed =>
  ({ event, timestampMs }) => {
    if (!coversEvent(order, event, timestampMs)) return undefined;
    const candidates = index.candidates(event).filter((candidate) => coversSubscription(order, candidate));
    if (candidates.length === 0) return { matched: [], disabled: 0 };
    const match = matchEvent(event.data, candidates, { maxDataBytes, filter });
    if (!match.ok) return { matched: [], disabled: 0 };
    const matched = match.matched.filter(({ isDisabled }) => !isDisabled);
    return { matched, disabled: match.matched.length - matched.length };
  };
