import type { SubscriptionRecord } from '@tidings/contracts';
import type { Logger } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import type { RecordVerdict } from '../attempt/record-resolution.ts';
import type { ConcludedAttempt } from '../domain/attempt.ts';
import type { Job } from '../domain/in-flight.ts';
import { verdictOnDeferral } from '../domain/resolution.ts';
import type { Dispatcher } from '../queue/dispatcher.ts';
import type { LaneLimits } from '../queue/domain/subscription-queue.ts';
import type { Admission, BreakerState } from './domain/circuit-breaker.ts';
import {
  isTooOld,
  PartitionCompany,
  rungForSpill,
  type Spill,
  spillOnArrival,
  spillRules,
} from './domain/deferral-policy.ts';
import {
  bestCasePerSecond,
  countRequest,
  type EndpointPressures,
  type Pressure,
  returnsPerSecond,
  takesPerSecond,
} from './domain/endpoint-state.ts';

type Dependencies = Readonly<{
  dispatcher: Dispatcher;
  pressures: EndpointPressures;
  record: RecordVerdict;
  onSpill: (reason: Spill['reason']) => void;
  onBreakerChange: (state: BreakerState) => void;
  clock: Clock;
  logger: Logger;
}>;

const sweepMs = 250;
const forgetAfterMs = 3_600_000;

/**
 * Keeps one endpoint's backlog from holding its partition: what cannot be sent soon goes to the ladder, and its offset
 * is done. Looks through the queues four times a second while something waits, and not at all otherwise.
 */
export class Spiller {
  readonly #dependencies: Dependencies;
  readonly #company = new Map<number, PartitionCompany>();
  /** Limits while half-open, one object a version so that the queue sees no change where there is none. */
  readonly #probeLimits = new WeakMap<SubscriptionRecord, LaneLimits>();
  #cancelSweep: (() => void) | undefined;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** Queues a job that is due, or puts it on the ladder. */
  admit(job: Job, subscription: SubscriptionRecord): void {
    const { dispatcher, pressures } = this.#dependencies;
    const { clock } = this.#dependencies;
    const nowMs = clock.monotonicMs();
    const { state } = job.command;
    const laneId = subscription.id;
    const pressure = pressures.of(laneId, nowMs);
    if (state.deferrals > 0 && pressure.spilled > 0) pressure.spilled -= 1;
    const queued = dispatcher.queue.lengthOf(laneId);
    const { averageMs } = pressure;
    this.#companyOf(job.partition).note(laneId, queued, nowMs);
    // A person who asks for a request now gets it, whatever the breaker thinks.
    const isAsked = state.trigger === 'manual' || state.trigger === 'test';
    const admission = isAsked ? pressure.breaker.admitAnyway() : pressure.breaker.admit(nowMs);
    const spill = spillOnArrival({
      admission,
      queued,
      hasCompany: () => this.hasCompany(job.partition, laneId),
      isThrottled: dispatcher.queue.stateOf(laneId) === 'throttled',
      takesPerSecond:
        averageMs === null
          ? null
          : takesPerSecond({ averageMs, quietMs: dispatcher.queue.quietMsOf(laneId, nowMs) }, subscription),
      bestCasePerSecond: bestCasePerSecond(pressure, subscription),
    });
    if (spill === null) dispatcher.offer(job, this.#limitsFor(subscription, admission));
    else this.#putAside(job, spill, subscription);
  }

  /** What a request says of its endpoint: opens or closes its breaker. */
  concluded({ subscription, outcome, durationMs, endpointMs }: ConcludedAttempt): void {
    const { dispatcher, pressures, onBreakerChange, logger, clock } = this.#dependencies;
    const nowMs = clock.monotonicMs();
    const pressure = pressures.of(subscription.id, nowMs);
    if (!countRequest(pressure, outcome, { durationMs, endpointMs, nowMs })) return;
    const { state } = pressure.breaker;
    onBreakerChange(state);
    logger.info({ subscriptionId: subscription.id, state, spilled: pressure.spilled }, 'breaker.changed');
    if (state === 'closed') dispatcher.setLimits(subscription.id, subscription);
    if (state === 'open') this.#empty(pressure, subscription);
  }

  /** The subscription was changed: whatever was wrong with its endpoint may be mended. */
  renew(subscription: SubscriptionRecord): void {
    this.#dependencies.pressures.renew(subscription.id);
    this.#dependencies.dispatcher.setLimits(subscription.id, subscription);
  }

  /** Call after each batch: arms the sweep when something waits. */
  watch(): void {
    const { dispatcher, clock } = this.#dependencies;
    if (this.#cancelSweep !== undefined || dispatcher.queue.queued === 0 || !dispatcher.isRunning) return;
    this.#cancelSweep = clock.setTimer(() => {
      this.#cancelSweep = undefined;
      if (dispatcher.isRunning) this.#sweep();
      this.watch();
    }, sweepMs);
  }

  /** True when a backlog of the subscription would hold up somebody else in its partition. */
  hasCompany(partition: number, subscriptionId: string): boolean {
    const { dispatcher, clock } = this.#dependencies;
    const waitingOf = (laneId: string) => dispatcher.queue.lengthOf(laneId);
    const sinceMs = clock.monotonicMs() - spillRules.companyMs;
    return this.#companyOf(partition).hasOther(subscriptionId, sinceMs, waitingOf);
  }

  stop(): void {
    this.#cancelSweep?.();
  }

  dropPartition(partition: number): void {
    this.#company.delete(partition);
  }

  #sweep(): void {
    const { dispatcher, pressures, clock } = this.#dependencies;
    const nowMs = clock.monotonicMs();
    const idleMs = clock.idleMs();
    const aged = dispatcher.takeAged((lane, head) =>
      isTooOld({
        ageMs: nowMs - head.arrivedMs,
        idleAgeMs: idleMs - head.arrivedIdleMs,
        state: lane.state,
        queued: lane.queue.length,
        hasCompany: () => this.hasCompany(head.partition, lane.id),
        bestCasePerSecond: bestCasePerSecond(pressures.of(lane.id, nowMs), lane.limits),
      }),
    );
    for (const { job, state, limits } of aged) {
      this.#putAside(
        job,
        { reason: state === 'throttled' ? 'rate-limit' : 'head-too-old', waitMs: 0 },
        limits,
      );
    }
    pressures.forgetUnused(nowMs - forgetAfterMs);
  }

  #empty(pressure: Pressure, subscription: SubscriptionRecord): void {
    const { dispatcher, clock } = this.#dependencies;
    const admission = pressure.breaker.admit(clock.monotonicMs());
    if (admission.kind !== 'wait') return;
    const spill = { reason: 'breaker-open', waitMs: admission.waitMs } as const;
    for (const job of dispatcher.takeQueued(subscription.id)) this.#putAside(job, spill, subscription);
  }

  #putAside(job: Job, spill: Spill, limits: LaneLimits): void {
    const { dispatcher, pressures, record, onSpill, clock } = this.#dependencies;
    const { state } = job.command;
    const nowMs = clock.monotonicMs();
    const pressure = pressures.of(state.subscriptionId, nowMs);
    const ahead = dispatcher.queue.lengthOf(state.subscriptionId) + pressure.spilled;
    const quietMs = dispatcher.queue.quietMsOf(state.subscriptionId, nowMs);
    const { averageMs, breaker } = pressure;
    const speed = { averageMs, quietMs, isTroubled: breaker.isTroubled };
    const brokenMs = breaker.brokenMs(nowMs);
    const rung = rungForSpill(spill, { ahead, returnsPerSecond: returnsPerSecond(speed, limits), brokenMs });
    pressure.spilled += 1;
    onSpill(spill.reason);
    const { subscriptionVersion } = state;
    const deferral = { reason: spill.reason, rung, subscriptionVersion, nowMs: clock.nowMs() };
    void record(job, verdictOnDeferral(state, deferral));
  }

  #limitsFor(subscription: SubscriptionRecord, admission: Admission): LaneLimits {
    if (admission.kind === 'go') return subscription;
    const known = this.#probeLimits.get(subscription);
    if (known !== undefined) return known;
    const limits: LaneLimits = { maxInFlight: 1, rateLimit: subscription.rateLimit };
    this.#probeLimits.set(subscription, limits);
    return limits;
  }

  #companyOf(partition: number): PartitionCompany {
    const known = this.#company.get(partition);
    if (known !== undefined) return known;
    const fresh = new PartitionCompany();
    this.#company.set(partition, fresh);
    return fresh;
  }
}
