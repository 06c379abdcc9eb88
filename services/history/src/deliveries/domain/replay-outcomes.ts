import { isReplayChain } from '@tidings/contracts';
import type { AttemptEvent, Delivery } from './delivery.ts';

/** The ends of a replay of a delivery. */
export const replayOutcomes = ['delivered', 'failed'] as const;
/** See {@link replayOutcomes}. */
export type ReplayOutcome = (typeof replayOutcomes)[number];

/** The end of one replay of a delivery, named by its chain. */
export type ReplayEnd = Readonly<{ chain: number; outcome: ReplayOutcome }>;

const endOf = (chain: number, events: readonly AttemptEvent[]): readonly ReplayEnd[] => {
  // A retry of a replayed delivery begins a chain of its own, which belongs to no replay.
  if (!events.some(({ trigger }) => trigger === 'replay')) return [];
  if (events.some(({ kind }) => kind === 'delivered')) return [{ chain, outcome: 'delivered' }];
  // A copy that was dropped says nothing about its chain.
  const last = events.findLast(({ reason }) => reason !== 'duplicate-command');
  return last === undefined || last.next.kind === 'retry' ? [] : [{ chain, outcome: 'failed' }];
};

/**
 * Returns how the replays of a delivery ended; those that go on are missing. It depends only on the attempt events, so
 * that counting the deliveries by it is exact, however often their records are read.
 */
export const replayEndsOf = ({ attemptEvents }: Pick<Delivery, 'attemptEvents'>): readonly ReplayEnd[] => {
  // In chronological order, so the newest chain is last: nearly all deliveries are in no replay.
  if (!isReplayChain(attemptEvents.at(-1)?.chain ?? 0)) return [];
  const replayed = attemptEvents.filter(({ chain }) => isReplayChain(chain));
  const chains = new Set(replayed.map(({ chain }) => chain));
  return [...chains].flatMap((one) =>
    endOf(
      one,
      replayed.filter(({ chain }) => chain === one),
    ),
  );
};
