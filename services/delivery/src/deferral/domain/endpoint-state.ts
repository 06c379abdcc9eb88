import type { AttemptOutcome, FailureReason } from '@tidings/contracts';
import type { QueueLimits } from '../../queue/domain/subscription-queue.ts';
import { CircuitBreaker } from './circuit-breaker.ts';

/** What is known of one endpoint besides its queue. */
export type EndpointState = {
  breaker: CircuitBreaker;
  /** Commands put on the ladder because they could not be taken, and not back yet, as far as this process knows. */
  deferred: number;
  /** Duration of requests that succeeded or timed out, smoothed; null until there was one. */
  averageMs: number | null;
  /** The same of what the endpoint took for certain, see {@link endpointMs}. */
  averageEndpointMs: number | null;
  usedMs: number;
};

// Until an endpoint has answered nobody knows its speed. Too high only means that what was spilled comes back early.
const assumedMs = 20;
const smoothing = 0.2;
const slowestPerSecond = 0.01;

// With any other, a status is only how an answer began that then failed.
const reasonsOfWholeAnswers: ReadonlySet<FailureReason> = new Set([
  'http-status',
  'redirect',
  'gone',
  'rate-limited',
]);

/**
 * How much an outcome says against the endpoint and not against this one request: nothing, 1 for no whole answer, 5xx and 429,
 * 2 for a timeout, which has also held a socket all the while. Any other answer, a 404 as well, shows that the endpoint
 * is there and fast, and whoever gets it hurts nobody else.
 */
export const failureWeightOf = (
  outcome: Extract<AttemptOutcome, { kind: 'delivered' | 'failed' }>,
): number => {
  if (outcome.kind === 'delivered') return 0;
  if (outcome.reason === 'timeout') return 2;
  const { reason, statusCode } = outcome;
  if (statusCode === null || !reasonsOfWholeAnswers.has(reason)) return 1;
  return statusCode >= 500 || statusCode === 429 ? 1 : 0;
};

// Connecting, two for TLS, writing, reading the head, reading the body.
const ownTurns = 6;

/**
 * The part of a request's duration that the endpoint took for certain. An answer lies unread until the event loop comes
 * round to it, and the request needs some turns of its own; only if the loop came round more often was the answer not there.
 * So a process that is short of CPU, whose turns are long, does not take its own slowness for that of the endpoint.
 */
export const endpointMs = (durationMs: number, turns: number): number =>
  turns <= ownTurns ? 0 : durationMs * (1 - ownTurns / turns);

/**
 * How many commands a second the endpoint can take: what its concurrency and speed allow, within its own rate.
 * `quietMs` is how long its requests under way have given no sign: it is not faster than that.
 */
export const takesPerSecond = (
  { averageMs, quietMs }: Readonly<{ averageMs: number | null; quietMs: number }>,
  { maxInFlight, rateLimit }: QueueLimits,
): number => {
  const bySpeed = (maxInFlight * 1_000) / Math.max(averageMs ?? assumedMs, quietMs, 1);
  return Math.max(slowestPerSecond, Math.min(bySpeed, rateLimit?.perSecond ?? Infinity));
};

/** The same if whatever may have been the slowness of this side was that; null until the endpoint has answered. */
export const bestCasePerSecond = (
  { averageEndpointMs }: EndpointState,
  limits: QueueLimits,
): number | null =>
  averageEndpointMs === null ? null : takesPerSecond({ averageMs: averageEndpointMs, quietMs: 0 }, limits);

// More would cost too much if it is in vain, less would keep a backlog away long after a moment's trouble.
const maxReturnsPerSecond = 100;

/**
 * How many spilled commands a second may come back. As many as the endpoint takes, as far as that is known; but that it
 * has been silent for some seconds, timed out, or is broken, says nothing of its speed afterwards, so its backlog is kept
 * away no longer than makes a trip in vain cheap.
 */
export const returnsPerSecond = (
  speed: Readonly<{ averageMs: number | null; quietMs: number; isFailing: boolean }>,
  limits: QueueLimits,
): number => {
  const afterwards = speed.isFailing
    ? (limits.rateLimit?.perSecond ?? Infinity)
    : takesPerSecond({ ...speed, quietMs: 0 }, limits);
  return Math.max(takesPerSecond(speed, limits), Math.min(afterwards, maxReturnsPerSecond));
};

/** Breakers and backlogs of the endpoints that were in use lately. */
export class EndpointStates {
  readonly #states = new Map<string, EndpointState>();

  get size(): number {
    return this.#states.size;
  }

  values(): IterableIterator<EndpointState> {
    return this.#states.values();
  }

  of(subscriptionId: string, nowMs: number): EndpointState {
    const known = this.#states.get(subscriptionId);
    if (known !== undefined) {
      known.usedMs = nowMs;
      return known;
    }
    const fresh: EndpointState = {
      breaker: new CircuitBreaker(),
      deferred: 0,
      averageMs: null,
      averageEndpointMs: null,
      usedMs: nowMs,
    };
    this.#states.set(subscriptionId, fresh);
    return fresh;
  }

  /** Starts over with a closed breaker. What was spilled is still on the ladder. */
  renew(subscriptionId: string): void {
    const known = this.#states.get(subscriptionId);
    if (known !== undefined) known.breaker = new CircuitBreaker();
  }

  /** Forgets endpoints that were not used since `beforeMs` and have nothing to be remembered for. */
  forgetUnused(beforeMs: number): void {
    for (const [id, { breaker, deferred, usedMs }] of this.#states) {
      if (usedMs < beforeMs && deferred === 0 && breaker.isBlank) this.#states.delete(id);
    }
  }
}

const smoothed = (average: number | null, ms: number): number =>
  average === null ? ms : average + (ms - average) * smoothing;

/** Counts one ended request. True when the breaker changed its state. */
export const countRequest = (
  endpointState: EndpointState,
  outcome: Extract<AttemptOutcome, { kind: 'delivered' | 'failed' }>,
  { durationMs, endpointMs, nowMs }: Readonly<{ durationMs: number; endpointMs: number; nowMs: number }>,
): boolean => {
  if (outcome.kind === 'delivered' || outcome.reason === 'timeout') {
    endpointState.averageMs = smoothed(endpointState.averageMs, durationMs);
    endpointState.averageEndpointMs = smoothed(endpointState.averageEndpointMs, endpointMs);
  }
  return endpointState.breaker.record(failureWeightOf(outcome), nowMs);
};
