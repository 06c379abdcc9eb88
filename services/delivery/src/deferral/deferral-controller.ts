import type { SubscriptionRecord } from '@tidings/contracts';
import type { Logger } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import type { BreakerLog } from '../adapters/breaker-log.ts';
import type { DeferJob } from '../attempt/defer-job.ts';
import type { ConcludedAttempt } from '../domain/attempt.ts';
import type { Job } from '../domain/in-flight-jobs.ts';
import type { DeliveryMetrics } from '../metrics.ts';
import type { Dispatcher } from '../queue/dispatcher.ts';
import type { QueueLimits } from '../queue/domain/subscription-queue.ts';
import type { Admission } from './domain/circuit-breaker.ts';
import {
  type DeferralCause,
  deferOnArrival,
  deferralRules,
  isTooOld,
  rungForDeferral,
} from './domain/decide-deferral.ts';
import {
  bestCasePerSecond,
  countRequest,
  type EndpointState,
  type EndpointStates,
  returnsPerSecond,
  takesPerSecond,
} from './domain/endpoint-states.ts';
import { PartitionNeighbours } from './domain/partition-neighbours.ts';

type Dependencies = Readonly<{
  dispatcher: Dispatcher;
  endpointStates: EndpointStates;
  deferJob: DeferJob;
  breakerLog: Pick<BreakerLog, 'opened' | 'closed'>;
  metrics: Pick<DeliveryMetrics, 'deferrals' | 'breakerChanges'>;
  clock: Clock;
  logger: Logger;
}>;

const sweepMs = 250;
const forgetAfterMs = 3_600_000;

/**
 * Prevents one endpoint's backlog from blocking its partition: commands that cannot be sent soon are
 * moved to the ladder, and their offsets are done. Checks the queues four times a second while
 * commands wait, and not at all otherwise.
 */
export class DeferralController {
  readonly #dependencies: Dependencies;
  readonly #neighbours = new Map<number, PartitionNeighbours>();
  /** Limits while half-open: one object per version, so that the queue detects no change where there is none. */
  readonly #probeLimits = new WeakMap<SubscriptionRecord, QueueLimits>();
  #cancelSweep: (() => void) | undefined;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** Queues a job that is due, or defers it. Call `watch`, and `pump` of the dispatcher, after the last one of a batch. */
  admit(job: Job, subscription: SubscriptionRecord): void {
    const { dispatcher, endpointStates, clock } = this.#dependencies;
    const nowMs = clock.monotonicMs();
    const { state } = job.command;
    const subscriptionId = subscription.id;
    const endpointState = endpointStates.of(subscriptionId, nowMs);
    if (state.deferrals > 0 && endpointState.deferred > 0) endpointState.deferred -= 1;
    const queued = dispatcher.queue.aheadOf(subscriptionId, job);
    const { averageMs } = endpointState;
    this.#neighboursOf(job.partition).record(subscriptionId, queued, nowMs);
    // A manual request is sent immediately, whatever the breaker's state.
    const isManual = state.trigger === 'manual' || state.trigger === 'test';
    const admission = isManual ? endpointState.breaker.admitAnyway() : endpointState.breaker.admit(nowMs);
    const cause = deferOnArrival({
      admission,
      queued,
      hasNeighbours: () => this.hasNeighbours(job.partition, subscriptionId),
      isThrottled: dispatcher.queue.stateOf(subscriptionId) === 'throttled',
      takesPerSecond:
        averageMs === null
          ? null
          : takesPerSecond(
              { averageMs, quietMs: dispatcher.queue.quietMsOf(subscriptionId, nowMs) },
              subscription,
            ),
      bestCasePerSecond: bestCasePerSecond(endpointState, subscription),
    });
    if (cause === null) dispatcher.offer(job, this.#limitsFor(subscription, admission));
    else this.#defer(job, cause, subscription);
  }

  /** Queues or defers a single job that is due, and starts what may be sent. */
  admitOne(job: Job, subscription: SubscriptionRecord): void {
    this.admit(job, subscription);
    this.#dependencies.dispatcher.pump();
    this.watch();
  }

  /** Records the result of a request, which may open or close the endpoint's breaker. */
  concluded({ subscription, outcome, durationMs, endpointMs }: ConcludedAttempt): void {
    const { dispatcher, endpointStates, breakerLog, metrics, logger, clock } = this.#dependencies;
    const nowMs = clock.monotonicMs();
    const endpointState = endpointStates.of(subscription.id, nowMs);
    if (!countRequest(endpointState, outcome, { durationMs, endpointMs, nowMs })) return;
    const { state } = endpointState.breaker;
    metrics.breakerChanges.inc({ state });
    logger.info(
      { subscriptionId: subscription.id, state, deferred: endpointState.deferred },
      'circuit-breaker.changed',
    );
    if (state === 'closed') {
      breakerLog.closed(subscription.id);
      dispatcher.setLimits(subscription.id, subscription);
    }
    if (state === 'open') {
      breakerLog.opened(subscription, endpointState.breaker.outage(nowMs));
      this.#empty(endpointState, subscription);
    }
  }

  /** Resets the endpoint's breaker after a change of its subscription, which may have fixed the endpoint. */
  renew(subscription: SubscriptionRecord): void {
    const { endpointStates, breakerLog, dispatcher } = this.#dependencies;
    if (endpointStates.renew(subscription.id)) breakerLog.closed(subscription.id);
    dispatcher.setLimits(subscription.id, subscription);
  }

  /** Schedules the sweep if commands wait. Call it after each batch. */
  watch(): void {
    const { dispatcher, clock } = this.#dependencies;
    if (this.#cancelSweep !== undefined || dispatcher.queue.queued === 0 || !dispatcher.isRunning) return;
    this.#cancelSweep = clock.setTimer(() => {
      this.#cancelSweep = undefined;
      if (dispatcher.isRunning) this.#sweep();
      this.watch();
    }, sweepMs);
  }

  /** Returns true when a backlog of the subscription would delay other subscriptions in its partition. */
  hasNeighbours(partition: number, subscriptionId: string): boolean {
    const { dispatcher, clock } = this.#dependencies;
    const queuedOf = (subscriptionId: string) => dispatcher.queue.lengthOf(subscriptionId);
    const sinceMs = clock.monotonicMs() - deferralRules.neighbourWindowMs;
    return this.#neighboursOf(partition).hasOther(subscriptionId, sinceMs, queuedOf);
  }

  stop(): void {
    this.#cancelSweep?.();
  }

  dropPartition(partition: number): void {
    this.#neighbours.delete(partition);
  }

  #sweep(): void {
    const { dispatcher, endpointStates, clock } = this.#dependencies;
    const nowMs = clock.monotonicMs();
    const idleMs = clock.idleMs();
    const aged = dispatcher.takeAged((queue, head) =>
      isTooOld({
        ageMs: nowMs - head.arrivedMs,
        idleAgeMs: idleMs - head.arrivedIdleMs,
        state: queue.state,
        queued: queue.jobs.length,
        hasNeighbours: () => this.hasNeighbours(head.partition, queue.id),
        bestCasePerSecond: bestCasePerSecond(endpointStates.of(queue.id, nowMs), queue.limits),
      }),
    );
    for (const { job, state, limits } of aged) {
      this.#defer(job, { reason: state === 'throttled' ? 'rate-limit' : 'head-too-old', waitMs: 0 }, limits);
    }
    endpointStates.forgetUnused(nowMs - forgetAfterMs);
  }

  #empty(endpointState: EndpointState, subscription: SubscriptionRecord): void {
    const { dispatcher, clock } = this.#dependencies;
    const admission = endpointState.breaker.admit(clock.monotonicMs());
    if (admission.kind !== 'wait') return;
    const cause = { reason: 'breaker-open', waitMs: admission.waitMs } as const;
    for (const job of dispatcher.takeQueued(subscription.id)) this.#defer(job, cause, subscription);
  }

  #defer(job: Job, cause: DeferralCause, limits: QueueLimits): void {
    const { dispatcher, endpointStates, deferJob, metrics, clock } = this.#dependencies;
    const { state } = job.command;
    const nowMs = clock.monotonicMs();
    const endpointState = endpointStates.of(state.subscriptionId, nowMs);
    const ahead = dispatcher.queue.aheadOf(state.subscriptionId, job) + endpointState.deferred;
    const quietMs = dispatcher.queue.quietMsOf(state.subscriptionId, nowMs);
    const { averageMs, breaker } = endpointState;
    const speed = { averageMs, quietMs, isFailing: breaker.isFailing };
    const brokenMs = breaker.brokenMs(nowMs);
    const rung = rungForDeferral(cause, {
      ahead,
      returnsPerSecond: returnsPerSecond(speed, limits),
      brokenMs,
    });
    endpointState.deferred += 1;
    metrics.deferrals.inc({ reason: cause.reason });
    void deferJob(job, { reason: cause.reason, rung });
  }

  #limitsFor(subscription: SubscriptionRecord, admission: Admission): QueueLimits {
    if (admission.kind === 'go') return subscription;
    const known = this.#probeLimits.get(subscription);
    if (known !== undefined) return known;
    const limits: QueueLimits = { maxInFlight: 1, rateLimit: subscription.rateLimit };
    this.#probeLimits.set(subscription, limits);
    return limits;
  }

  #neighboursOf(partition: number): PartitionNeighbours {
    const known = this.#neighbours.get(partition);
    if (known !== undefined) return known;
    const fresh = new PartitionNeighbours();
    this.#neighbours.set(partition, fresh);
    return fresh;
  }
}
