import type { DeliveryState, ErasureSubject, SubscriptionRecord } from '@tidings/contracts';
import { ladder, type Rung } from '@tidings/contracts';

/** The action for a command, decided before any request. */
export type Disposition =
  | Readonly<{ kind: 'attempt'; subscription: SubscriptionRecord }>
  /** The command is not due yet. */
  | Readonly<{ kind: 'wait'; remainingMs: number }>
  /** The local table does not hold the subscription yet, or holds an older version than the matcher used. */
  | Readonly<{ kind: 'await-subscription'; rung: Rung }>
  | Readonly<{ kind: 'suppress'; reason: 'subscription-deleted' | 'erased' }>
  | Readonly<{
      kind: 'dead-letter';
      reason: 'disabled' | 'unknown-subscription' | 'backlog-full' | 'data-missing' | 'data-changed';
    }>;

/** The known erasures. */
export type ErasedCommands = Readonly<{ covers(state: ErasureSubject): boolean }>;

/** Maximum wait of a command for an unknown subscription. */
export const maxUnknownMs = 300_000;

const [shortest, second] = ladder as readonly [Rung, Rung];
// A change takes effect everywhere within a second. A longer wait indicates a
// fault, so later checks are less frequent.
const shortWaitCount = 10;

/**
 * Returns the next wait for an unknown subscription, or null when the maximum is reached. The time waited so far
 * follows from the number of waits, which the command carries: neither a clock nor memory of this process is needed.
 */
const nextUnknownWait = (deferrals: number): Rung | null => {
  if (deferrals < shortWaitCount) return shortest;
  const waitedMs = shortWaitCount * shortest.delayMs + (deferrals - shortWaitCount) * second.delayMs;
  return waitedMs < maxUnknownMs ? second : null;
};

/**
 * Decides by the newest known version of the subscription. Deleted and disabled take precedence over the
 * not-before time: no command waits for an endpoint that receives no requests.
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
      ? { kind: 'dead-letter', reason: 'unknown-subscription' }
      : { kind: 'await-subscription', rung };
  }
  switch (subscription.state) {
    case 'deleted':
      return { kind: 'suppress', reason: 'subscription-deleted' };
    case 'disabled':
      return { kind: 'dead-letter', reason: 'disabled' };
    case 'active': {
      const remainingMs = (state.notBeforeMs ?? 0) - nowMs;
      return remainingMs > 0 ? { kind: 'wait', remainingMs } : { kind: 'attempt', subscription };
    }
  }
};

/** Decides as {@link dispositionOf}. A command whose data is erased ends without a request, whatever else is known. */
export const dispositionUnder = (
  erasures: ErasedCommands,
  ...[state, subscription, nowMs]: Parameters<typeof dispositionOf>
): Disposition =>
  erasures.covers(state) ? { kind: 'suppress', reason: 'erased' } : dispositionOf(state, subscription, nowMs);
