import type { AttemptRecorded, FailureReason, SubscriptionId } from '@tidings/contracts';

/** Where a record lies in the attempts topic. */
export type Position = Readonly<{ partition: number; offset: number }>;

/** How the endpoint of a subscription has been doing. Kept apart from it, so that counting makes no version of it. */
export type EndpointHealth = Readonly<{
  subscriptionId: SubscriptionId;
  /** Grows by one with each write: what compare-and-set compares. */
  rev: number;
  /** The version that the failures are counted from: those of older ones were forgiven when it was enabled. */
  enabledVersion: number;
  /** Failed attempts since the last delivery. */
  failureCount: number;
  /** Since when there was nothing but failures. */
  failingSinceMs: number | null;
  lastDeliveryAtMs: number | null;
  lastFailureAtMs: number | null;
  lastFailureReason: FailureReason | null;
  /** The last record of each partition that is counted. What lies at or before it is not counted again. */
  positions: readonly Position[];
}>;

/** One attempt as counting needs it. */
export type CountedAttempt = Readonly<{
  position: Position;
  atMs: number;
  subscriptionVersion: number;
  /** null for a delivery. */
  failure: FailureReason | null;
}>;

/** The attempt in a record; null for facts that say nothing about the endpoint: tests, and what was not attempted. */
export function countedAttempt(attempt: AttemptRecorded, position: Position): CountedAttempt | null {
  const { outcome, trigger, atMs, subscriptionVersion } = attempt;
  if (trigger === 'test' || (outcome.kind !== 'delivered' && outcome.kind !== 'failed')) return null;
  return { position, atMs, subscriptionVersion, failure: outcome.kind === 'failed' ? outcome.reason : null };
}

/** Nothing counted yet. */
export const noHealth = (subscriptionId: SubscriptionId): EndpointHealth => ({
  subscriptionId,
  rev: 0,
  enabledVersion: 0,
  failureCount: 0,
  failingSinceMs: null,
  lastDeliveryAtMs: null,
  lastFailureAtMs: null,
  lastFailureReason: null,
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
  // Made for a version from before it was enabled again: a fact, but none that counts against it.
  if (attempt.subscriptionVersion < health.enabledVersion) return next;
  return {
    ...next,
    failureCount: health.failureCount + 1,
    failingSinceMs: health.failingSinceMs ?? atMs,
    lastFailureAtMs: latest(health.lastFailureAtMs, atMs),
    lastFailureReason: failure,
  };
}

/** Forgives what was counted before a version that enabled the subscription. */
const forgiven = (health: EndpointHealth, enabledVersion: number): EndpointHealth =>
  enabledVersion <= health.enabledVersion
    ? health
    : { ...health, enabledVersion, failureCount: 0, failingSinceMs: null };

/** What counting knows besides the attempts. `endOf`: the first offset of a partition that is not in its log yet. */
export type CountingContext = Readonly<{ enabledVersion: number; endOf(partition: number): number }>;

/**
 * The health after these attempts, in the order of their offsets. Idempotent by position: what was counted is not counted
 * again, however often the topic is read. A position beyond the end of its log belongs to a log that is gone, and is
 * forgotten. The same object comes back when nothing was counted.
 */
export function withAttempts(
  health: EndpointHealth,
  attempts: readonly CountedAttempt[],
  { enabledVersion, endOf }: CountingContext,
): EndpointHealth {
  const positions = health.positions.filter(({ partition, offset }) => offset < endOf(partition));
  const start: EndpointHealth = { ...forgiven(health, enabledVersion), positions };
  const after = attempts
    .filter(({ position }) => position.offset > offsetOf(start, position.partition))
    .reduce(counted, start);
  return after === start ? health : { ...after, rev: health.rev + 1 };
}

/** What is shown with a subscription: failures that were forgiven by enabling it are not. */
export const shownHealth = (
  health: EndpointHealth | undefined,
  enabledVersion: number,
): Readonly<{ failureCount: number; lastDeliveryAtMs: number | null }> => ({
  failureCount: health === undefined ? 0 : forgiven(health, enabledVersion).failureCount,
  lastDeliveryAtMs: health?.lastDeliveryAtMs ?? null,
});
