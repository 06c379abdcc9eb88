import type { FailureReason, SubscriptionId } from '@tidings/contracts';
import type { CountedAttempt, Position } from './counted-attempt.ts';
import { type Alert, type HealthPolicy, type HealthTransition, transitionOf } from './health-transition.ts';

/** How the endpoint of a subscription has been doing. Kept apart from it, so that counting makes no version of it. */
export type EndpointHealth = Readonly<{
  subscriptionId: SubscriptionId;
  /** Grows by one with each write: what compare-and-set compares. */
  rev: number;
  /** The version that the failures are counted from: those of older ones were forgiven. */
  countedVersion: number;
  /** Failed attempts since the last delivery. */
  failureCount: number;
  /** Since when there was nothing but failures. */
  failingSinceMs: number | null;
  lastDeliveryAtMs: number | null;
  lastFailureAtMs: number | null;
  lastFailureReason: FailureReason | null;
  /** What its owner was told last. A `disabled` one is `failing` from when it is enabled until it delivers. */
  alert: Alert;
  /** The last record of each partition that is counted. What lies at or before it is not counted again. */
  positions: readonly Position[];
}>;

/** Nothing counted yet. */
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
  // Made for a version from before it was enabled again or moved: a fact, but none that counts against it.
  if (attempt.subscriptionVersion < health.countedVersion) return next;
  return {
    ...next,
    failureCount: health.failureCount + 1,
    failingSinceMs: health.failingSinceMs ?? atMs,
    lastFailureAtMs: latest(health.lastFailureAtMs, atMs),
    lastFailureReason: failure,
  };
}

/** Forgives what was counted before a version that enabled the subscription or gave it another endpoint. */
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

/** What counting knows besides the attempts. `endOf`: the first offset of a partition that is not in its log yet. */
export type CountingContext = Readonly<{
  countedVersion: number;
  policy: HealthPolicy;
  endOf(partition: number): number;
}>;

/** The health after some attempts, and what their owner is to be told, in order. */
export type Counted = Readonly<{ health: EndpointHealth; transitions: readonly HealthTransition[] }>;

/**
 * The health after these attempts, in the order of their offsets. Idempotent by position: what was counted is not counted
 * again, and raises nothing again, however often the topic is read. A position beyond the end of its log belongs to a log
 * that is gone, and is forgotten. The same object comes back when nothing was counted.
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

/** What is shown with a subscription: failures that were forgiven are not. */
export const shownHealth = (
  health: EndpointHealth | undefined,
  countedVersion: number,
): Readonly<{ failureCount: number; lastDeliveryAtMs: number | null }> => ({
  failureCount: health === undefined ? 0 : forgiven(health, countedVersion).failureCount,
  lastDeliveryAtMs: health?.lastDeliveryAtMs ?? null,
});
