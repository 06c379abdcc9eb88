import type { FailureReason, SubscriptionId } from '@tidings/contracts';
import type { CountedAttempt, Position } from './counted-attempt.ts';
import { type Alert, type HealthPolicy, type HealthTransition, transitionOf } from './health-transition.ts';

/**
 * Health of a subscription's endpoint. Stored separately, so that counting creates no new version of the subscription.
 */
export type EndpointHealth = Readonly<{
  subscriptionId: SubscriptionId;
  /** Incremented by each write; compare-and-set compares it. */
  rev: number;
  /** The subscription version from which failures count. Failures of older versions are ignored. */
  countedVersion: number;
  /** Failed attempts since the last successful delivery. */
  failureCount: number;
  /** Time of the first failure since the last successful delivery. */
  failingSinceMs: number | null;
  lastDeliveryAtMs: number | null;
  lastFailureAtMs: number | null;
  lastFailureReason: FailureReason | null;
  /**
   * Last alert sent to the owner. After a `disabled` subscription is enabled, it is `failing` until a delivery
   * succeeds.
   */
  alert: Alert;
  /** Last counted record of each partition. Records at or before it are not counted again. */
  positions: readonly Position[];
}>;

/** Returns the health of an endpoint without counted attempts. */
export const noHealth = (subscriptionId: SubscriptionId): EndpointHealth => ({
  subscriptionId,
  rev: 0,
  countedVersion: 0,
  failureCount: 0,
  failingSinceMs: null,
  lastDeliveryAtMs: null,
  lastFailureAtMs: null,
  lastFailureReason: null,
  alert: 'none',
  positions: [],
});

const offsetOf = ({ positions }: EndpointHealth, partition: number): number =>
  positions.find((position) => position.partition === partition)?.offset ?? -1;

const moved = (positions: readonly Position[], to: Position): readonly Position[] => [
  ...positions.filter(({ partition }) => partition !== to.partition),
  to,
];

const latest = (a: number | null, b: number): number => (a === null ? b : Math.max(a, b));

function counted(health: EndpointHealth, attempt: CountedAttempt): EndpointHealth {
  const { atMs, failure, position } = attempt;
  const next = { ...health, positions: moved(health.positions, position) };
  if (failure === null) {
    const lastDeliveryAtMs = latest(health.lastDeliveryAtMs, atMs);
    return { ...next, lastDeliveryAtMs, failureCount: 0, failingSinceMs: null };
  }
  // Sent for a version from before the subscription was enabled or its endpoint changed: it does not count as a
  // failure.
  if (attempt.subscriptionVersion < health.countedVersion) return next;
  return {
    ...next,
    failureCount: health.failureCount + 1,
    failingSinceMs: health.failingSinceMs ?? atMs,
    lastFailureAtMs: latest(health.lastFailureAtMs, atMs),
    lastFailureReason: failure,
  };
}

/** Resets the counts from before a version that enabled the subscription or changed its endpoint. */
const forgiven = (health: EndpointHealth, countedVersion: number): EndpointHealth =>
  countedVersion <= health.countedVersion
    ? health
    : {
        ...health,
        countedVersion,
        failureCount: 0,
        failingSinceMs: null,
        alert: health.alert === 'disabled' ? 'failing' : health.alert,
      };

/** Inputs of counting besides the attempts. `endOf`: the first offset of a partition that is not yet in its log. */
export type CountingContext = Readonly<{
  countedVersion: number;
  policy: HealthPolicy;
  endOf(partition: number): number;
}>;

/** Health after some attempts, and the transitions of which the owner is notified, in order. */
export type Counted = Readonly<{ health: EndpointHealth; transitions: readonly HealthTransition[] }>;

/**
 * Returns the health after these attempts, which are in the order of their offsets. Idempotent by position: a counted
 * attempt is not counted again and raises no further transition, however often the topic is read. A position beyond the
 * end of its log belongs to a deleted log and is discarded. Returns the same object when nothing was counted.
 */
export function withAttempts(
  health: EndpointHealth,
  attempts: readonly CountedAttempt[],
  { countedVersion, policy, endOf }: CountingContext,
): Counted {
  const positions = health.positions.filter(({ partition, offset }) => offset < endOf(partition));
  const start: EndpointHealth = { ...forgiven(health, countedVersion), positions };
  const transitions: HealthTransition[] = [];
  let after = start;
  for (const attempt of attempts) {
    if (attempt.position.offset <= offsetOf(after, attempt.position.partition)) continue;
    const next = counted(after, attempt);
    if (attempt.givenUp !== null && attempt.failure !== null) {
      const { givenUp, failure, cause, atMs, statusCode } = attempt;
      transitions.push({
        kind: 'exhausted',
        cause,
        atMs,
        givenUp,
        failure: { atMs, reason: failure, statusCode },
      });
    }
    const transition = transitionOf(after, next, { attempt, policy });
    if (transition !== null) transitions.push(transition);
    after = transition === null ? next : { ...next, alert: transition.alert };
  }
  return after === start
    ? { health, transitions }
    : { health: { ...after, rev: health.rev + 1 }, transitions };
}

/** Returns the health shown with a subscription, without failures of versions that no longer count. */
export const shownHealth = (
  health: EndpointHealth | undefined,
  countedVersion: number,
): Readonly<{ failureCount: number; lastDeliveryAtMs: number | null }> => ({
  failureCount: health === undefined ? 0 : forgiven(health, countedVersion).failureCount,
  lastDeliveryAtMs: health?.lastDeliveryAtMs ?? null,
});
