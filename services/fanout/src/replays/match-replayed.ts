import type { Erasures } from '@tidings/kafka';
import type { Filter, IndexedSubscription, MatchIndex } from '../domain/match-index.ts';
import { type LoadData, withData } from '../large-data.ts';
import { matchEvent, needsData } from '../match-event.ts';
import type { LoggedEvent } from '../ports.ts';
import { coversEvent, coversSubscription, type ReplayOrder } from './domain/replay-scope.ts';
import type { EarlierEvents } from './earlier-events.ts';

type Parts = Readonly<{
  index: MatchIndex;
  order: ReplayOrder;
  /** The filter of the replay. */
  filter: Filter | null;
  earlier: EarlierEvents;
  erasures: Pick<Erasures, 'covers'>;
  loadData: LoadData;
  maxDataBytes: number;
}>;

/**
 * The subscriptions that an event is replayed to, and the numbers of those that are left out: disabled ones, and those
 * whose delivery is erased. Of an erased event, these are all whose patterns match.
 */
export type Replayed = Readonly<{
  matched: readonly IndexedSubscription[];
  disabled: number;
  erased: number;
}>;

/** Returns the subscriptions of an event; undefined for an event that the replay does not cover. */
export type MatchReplayed = (logged: LoggedEvent) => Replayed | undefined | Promise<Replayed | undefined>;

const none: Replayed = { matched: [], disabled: 0, erased: 0 };

/**
 * Creates the matching of a replay: that of live events, for the subscriptions as they are now, within what the order
 * covers. A disabled subscription gets nothing, because it would only collect dead letters.
 */
export const createMatchReplayed =
  ({ index, order, filter, earlier, erasures, loadData, maxDataBytes }: Parts): MatchReplayed =>
  (logged) => {
    const { event, timestampMs } = logged;
    if (!coversEvent(order, event, timestampMs)) {
      earlier.add(logged);
      return undefined;
    }
    if (earlier.hasRecordBefore(logged)) return undefined;
    const candidates = index.candidates(event).filter((candidate) => coversSubscription(order, candidate));
    if (candidates.length === 0) return none;
    const { id: eventId, workspaceId } = event;
    const isErased = ({ consumerId }: Pick<IndexedSubscription, 'consumerId'>): boolean =>
      erasures.covers({ workspaceId, eventId, consumerId, acceptedAtMs: timestampMs });
    if (isErased(event)) return { ...none, erased: candidates.length };
    const result = (whole: LoggedEvent): Replayed => {
      const match = matchEvent(whole, candidates, { maxDataBytes, filter });
      // What is too large for a filter is left out: the event itself has made a dead letter of it.
      if (!match.ok) return none;
      const active = match.matched.filter(({ isDisabled }) => !isDisabled);
      const matched = active.filter((subscription) => !isErased(subscription));
      return {
        matched,
        disabled: match.matched.length - active.length,
        erased: active.length - matched.length,
      };
    };
    if (event.large === undefined) return result(logged);
    return withData(logged, needsData(event, candidates, filter), loadData).then(result);
  };
