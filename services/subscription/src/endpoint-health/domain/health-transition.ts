import type { DisableCause, FailureReason } from '@tidings/contracts';
import type { CountedAttempt, GivenUp } from './counted-attempt.ts';

/** When an endpoint is given up. Zero failures: never for that reason. */
export type HealthPolicy = Readonly<{ disableAfterFailures: number; disableAfterMs: number }>;

/** Failures in a row from which an endpoint is said to fail. */
const failingAfter = 4;

/** What the owner of an endpoint was told last. */
export type Alert = 'none' | 'failing' | 'disabled';

/** As much of an endpoint's health as an alert follows from. */
type Watched = Readonly<{ failureCount: number; failingSinceMs: number | null; alert: Alert }>;

/** The failure that something is about. */
export type FailureSeen = Readonly<{ atMs: number; reason: FailureReason; statusCode: number | null }>;

type Failing = Readonly<{ failureCount: number; failingSinceMs: number; failure: FailureSeen }>;
type Caused = Readonly<{ cause: string; atMs: number }>;

/** A change of an endpoint's health that its owner is told about: none ⇄ failing → disabled → (enabled) failing. */
type AlertChange = Caused &
  (
    | (Failing & Readonly<{ kind: 'failing'; alert: 'failing' }>)
    | (Failing &
        Readonly<{ kind: 'disabled'; alert: 'disabled'; reason: DisableCause; subscriptionVersion: number }>)
    | Readonly<{ kind: 'recovered'; alert: 'none' }>
  );

/** What an attempt is the occasion to tell. */
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
 * What the step from one health to the next means for the owner. Told once: the alert that comes with it is kept with the
 * health. A failure that was not counted (made for a version from before it was enabled or moved) changes nothing.
 */
export function transitionOf(
  before: Watched,
  after: Watched,
  { attempt, policy }: Readonly<{ attempt: CountedAttempt; policy: HealthPolicy }>,
): AlertChange | null {
  const { cause, atMs, statusCode, subscriptionVersion, failure: reason } = attempt;
  if (reason === null) {
    // A disabled one that still delivered what was under way stays disabled.
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
