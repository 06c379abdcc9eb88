import type { AttemptEvent, Delivery } from '../../deliveries/domain/delivery.ts';

/** A chain of which another attempt is to come, and the time of that attempt. */
export type WaitingChain = Readonly<{ chain: number; dueAtMs: number }>;

const waitingChainOf = ({ chain, next }: AttemptEvent): readonly WaitingChain[] =>
  next.kind === 'retry' ? [{ chain, dueAtMs: next.atMs }] : [];

/** Returns the highest known chain of a delivery, from 0. */
export const highestChainOf = ({ attemptEvents }: Pick<Delivery, 'attemptEvents'>): number =>
  Math.max(0, ...attemptEvents.map(({ chain }) => chain));

/** Returns the chains that go on. A manual retry ends all that were before it. */
export const waitingChainsOf = ({
  attemptEvents,
}: Pick<Delivery, 'attemptEvents'>): readonly WaitingChain[] => {
  const retries = attemptEvents.filter(({ trigger }) => trigger === 'manual').map(({ chain }) => chain);
  const newestRetry = Math.max(0, ...retries);
  // In chronological order: the last one of each chain remains.
  const last = new Map(attemptEvents.map((attemptEvent) => [attemptEvent.chain, attemptEvent]));
  return [...last.values()].filter(({ chain }) => chain >= newestRetry).flatMap(waitingChainOf);
};

/** Returns true for a delivery of the test of a subscription, whose event is not in the log. */
export const isTest = ({ attemptEvents }: Pick<Delivery, 'attemptEvents'>): boolean =>
  attemptEvents.some(({ trigger }) => trigger === 'test');
