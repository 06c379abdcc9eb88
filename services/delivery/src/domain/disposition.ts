import type { DeliveryState, SubscriptionRecord } from '@tidings/contracts';
import { ladder, type Rung } from '@tidings/contracts';

/** What is to be done with a command, before any request is made. */
export type Disposition =
  | Readonly<{ kind: 'attempt'; subscription: SubscriptionRecord }>
  /** It is not due yet. */
  | Readonly<{ kind: 'wait'; remainingMs: number }>
  /** Our table does not hold the subscription yet, or holds an older version than the matcher saw. */
  | Readonly<{ kind: 'await-subscription'; rung: Rung }>
  | Readonly<{ kind: 'suppress'; reason: 'subscription-deleted' }>
  | Readonly<{ kind: 'set-aside'; reason: 'disabled' | 'unknown-subscription' | 'backlog-full' }>;

/** How long a command waits for a subscription that nobody knows. */
export const maxUnknownMs = 300_000;

const [shortest, second] = ladder as readonly [Rung, Rung];
// A change is in force everywhere within a second; whoever waits longer waits for a fault and need not ask so often.
const shortWaitCount = 10;

/**
 * The next wait for an unknown subscription, or null when the bound is used up. The time waited follows from the
 * number of waits, which travels with the command: no clock and no memory of this process is needed.
 */
const nextUnknownWait = (deferrals: number): Rung | null => {
  if (deferrals < shortWaitCount) return shortest;
  const waitedMs = shortWaitCount * shortest.delayMs + (deferrals - shortWaitCount) * second.delayMs;
  return waitedMs < maxUnknownMs ? second : null;
};

/**
 * Where a command goes, by the newest version of its subscription that is known here. Deleted and disabled come
 * before the not-before time: nothing waits for an endpoint that will not be asked.
 */
export const dispositionOf = (
  state: DeliveryState,
  subscription: SubscriptionRecord | undefined,
  nowMs: number,
): Disposition => {
  if (subscription === undefined || subscription.version < state.subscriptionVersion) {
    if (subscription?.state === 'deleted') return { kind: 'suppress', reason: 'subscription-deleted' };
    const rung = nextUnknownWait(state.deferrals);
    return rung === null
      ? { kind: 'set-aside', reason: 'unknown-subscription' }
      : { kind: 'await-subscription', rung };
  }
  switch (subscription.state) {
    case 'deleted':
      return { kind: 'suppress', reason: 'subscription-deleted' };
    case 'disabled':
      return { kind: 'set-aside', reason: 'disabled' };
    case 'active': {
      const remainingMs = (state.notBeforeMs ?? 0) - nowMs;
      return remainingMs > 0 ? { kind: 'wait', remainingMs } : { kind: 'attempt', subscription };
    }
  }
};
