import type { DisableCause, FailureReason } from '@tidings/contracts';
import type { CountedAttempt, GivenUp } from './counted-attempt.ts';

/** Thresholds for disabling a subscription. `disableAfterFailures` 0 disables that threshold. */
export type HealthPolicy = Readonly<{ disableAfterFailures: number; disableAfterMs: number }>;

/** Consecutive failures after which an endpoint is reported as failing. */
const failingAfter = 4;

/** Last alert sent to the owner of an endpoint. */
export type Alert = 'none' | 'failing' | 'disabled';

/** The part of an endpoint's health that determines its alert. */
type Watched = Readonly<{ failureCount: number; failingSinceMs: number | null; alert: Alert }>;

/** The failure that a transition or event refers to. */
export type FailureSeen = Readonly<{ atMs: number; reason: FailureReason; statusCode: number | null }>;

type Failing = Readonly<{ failureCount: number; failingSinceMs: number; failure: FailureSeen }>;
type Caused = Readonly<{ cause: string; atMs: number }>;

/** A change of an endpoint's health of which its owner is notified: none ⇄ failing → disabled → (enabled) failing. */
type AlertChange = Caused &
  (
    | (Failing & Readonly<{ kind: 'failing'; alert: 'failing' }>)
    | (Failing &
        Readonly<{ kind: 'disabled'; alert: 'disabled'; reason: DisableCause; subscriptionVersion: number }>)
    | Readonly<{ kind: 'recovered'; alert: 'none' }>
  );

/** A health event that follows from an attempt. */
export type HealthTransition =
  | AlertChange
  | (Caused & Readonly<{ kind: 'exhausted'; givenUp: GivenUp; failure: FailureSeen }>);

function disableCause(
  health: Watched,
  { failure, atMs }: CountedAttempt,
  policy: HealthPolicy,
): DisableCause | null {
  if (failure === 'gone') return 'gone';
  const { disableAfterFailures, disableAfterMs } = policy;
  if (disableAfterFailures > 0 && health.failureCount >= disableAfterFailures) return 'consecutive-failures';
  return atMs - (health.failingSinceMs ?? atMs) >= disableAfterMs ? 'only-failures' : null;
}

/**
 * Returns the alert that follows from one change of health, or null. Each alert is raised once, because it is stored
 * with the health. A failure that does not count (sent for a version from before the subscription was enabled or its
 * endpoint changed) changes nothing.
 */
export function transitionOf(
  before: Watched,
  after: Watched,
  { attempt, policy }: Readonly<{ attempt: CountedAttempt; policy: HealthPolicy }>,
): AlertChange | null {
  const { cause, atMs, statusCode, subscriptionVersion, failure: reason } = attempt;
  if (reason === null) {
    // A disabled subscription stays disabled when a delivery that was already in progress succeeds.
    return before.alert === 'failing' ? { kind: 'recovered', alert: 'none', cause, atMs } : null;
  }
  if (after.failureCount === before.failureCount || before.alert === 'disabled') return null;
  const failure = { atMs, reason, statusCode };
  const { failureCount, failingSinceMs } = after;
  const failing = { cause, atMs, failureCount, failingSinceMs: failingSinceMs ?? atMs, failure };
  const disabledBy = disableCause(after, attempt, policy);
  if (disabledBy !== null) {
    return { kind: 'disabled', alert: 'disabled', reason: disabledBy, subscriptionVersion, ...failing };
  }
  return before.alert === 'none' && failureCount >= failingAfter
    ? { kind: 'failing', alert: 'failing', ...failing }
    : null;
}
