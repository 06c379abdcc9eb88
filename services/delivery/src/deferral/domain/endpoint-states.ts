import type { AttemptOutcome, FailureReason } from '@tidings/contracts';
import type { QueueLimits } from '../../queue/domain/subscription-queue.ts';
import { CircuitBreaker } from './circuit-breaker.ts';

/** State of one endpoint besides its queue. */
export type EndpointState = {
  breaker: CircuitBreaker;
  /**
   * Commands deferred because the endpoint could not accept them, and not
   * returned yet, as far as this process can count.
   */
  deferred: number;
  /** Smoothed duration of requests that succeeded or timed out; null until there is one. */
  averageMs: number | null;
  /** The same for the part that the endpoint certainly took, see {@link endpointMs}. */
  averageEndpointMs: number | null;
  usedMs: number;
};

// Assumed duration until an endpoint has answered. If it is too short, deferred commands merely return early.
const assumedMs = 20;
const smoothing = 0.2;
const slowestPerSecond = 0.01;

// With any other reason, the status belongs to a response that was not received completely.
const reasonsOfWholeAnswers: ReadonlySet<FailureReason> = new Set([
  'http-status',
  'redirect',
  'gone',
  'rate-limited',
]);

/**
 * Returns the failure weight of an outcome, as far as it indicates a problem of the endpoint and not of this
 * request: 1 for an incomplete response, 5xx and 429; 2 for a timeout, which also occupies a socket for its
 * whole duration. Any other response, including a 404, shows that the endpoint is available and fast, and
 * that its requests do not delay other subscriptions.
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

// Connect, two for TLS, write, read the head, read the body.
const ownTurns = 6;

/**
 * Returns the part of a request's duration that the endpoint certainly took. A response stays unread until
 * the next iteration of the event loop, and the request itself needs several iterations. Only additional
 * iterations prove that the response had not arrived. A process that is short of CPU, whose iterations are
 * long, thus does not attribute its own delay to the endpoint.
 */
export const endpointMs = (durationMs: number, turns: number): number =>
  turns <= ownTurns ? 0 : durationMs * (1 - ownTurns / turns);

/**
 * Returns how many commands per second the endpoint can process, by its concurrency and speed, up to its rate
 * limit. `quietMs` is how long no request in flight has ended: the endpoint is not faster than that.
 */
export const takesPerSecond = (
  { averageMs, quietMs }: Readonly<{ averageMs: number | null; quietMs: number }>,
  { maxInFlight, rateLimit }: QueueLimits,
): number => {
  const bySpeed = (maxInFlight * 1_000) / Math.max(averageMs ?? assumedMs, quietMs, 1);
  return Math.max(slowestPerSecond, Math.min(bySpeed, rateLimit?.perSecond ?? Infinity));
};

/** Returns this capacity without delays that may be due to this process; null until the endpoint has answered. */
export const bestCasePerSecond = (
  { averageEndpointMs }: EndpointState,
  limits: QueueLimits,
): number | null =>
  averageEndpointMs === null ? null : takesPerSecond({ averageMs: averageEndpointMs, quietMs: 0 }, limits);

// A higher rate would cost too much if the endpoint is still down; a lower one would
// delay a backlog long after a brief failure.
const maxReturnsPerSecond = 100;

/**
 * Returns how many deferred commands per second may return: as many as the endpoint processes, if known.
 * Silence for some seconds, a timeout or an outage does not predict its speed afterwards. In these cases its
 * backlog is deferred only as long as needed to keep unsuccessful returns cheap.
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

/** Breakers and deferral counts of recently used endpoints. */
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

  /** Resets the breaker to closed. Deferred commands stay on the ladder. Returns true if it was not closed. */
  renew(subscriptionId: string): boolean {
    const known = this.#states.get(subscriptionId);
    if (known === undefined) return false;
    const { state } = known.breaker;
    known.breaker = new CircuitBreaker();
    return state !== 'closed';
  }

  /** Discards endpoints that were not used since `beforeMs` and hold no state. */
  forgetUnused(beforeMs: number): void {
    for (const [id, { breaker, deferred, usedMs }] of this.#states) {
      if (usedMs < beforeMs && deferred === 0 && breaker.isBlank) this.#states.delete(id);
    }
  }
}

const smoothed = (average: number | null, ms: number): number =>
  average === null ? ms : average + (ms - average) * smoothing;

/** Counts one ended request. Returns true when the breaker's state has changed. */
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
