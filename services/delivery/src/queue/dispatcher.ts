import { type Clock, runPeriodically } from '@tidings/runtime';
import type { AttemptDelivery, EndedAttempt } from '../attempt/attempt-delivery.ts';
import type { ConcludedAttempt } from '../domain/attempt.ts';
import type { Job } from '../domain/in-flight-jobs.ts';
import { Listeners } from '../domain/listeners.ts';
import { FairQueue, type QueueCaps } from './domain/fair-queue.ts';
import type { QueueLimits } from './domain/subscription-queue.ts';

type DispatcherOptions = Readonly<{
  caps: QueueCaps;
  /**
   * Maximum attempts that have ended and are not yet recorded. Above it no
   * request is sent (the log may be unavailable).
   */
  maxUnrecorded: number;
  /** Maximum delayed jobs in memory. */
  maxDelayed: number;
  attempts: Pick<AttemptDelivery, 'prepare' | 'sign' | 'send' | 'conclude' | 'record'>;
  clock: Clock;
}>;

// A second timer for the same time would have nothing to do.
const shortestWakeMs = 1;
const forgetAfterMs = 600_000;

/**
 * Starts jobs under the fair queue's limits: running → draining → stopped. It runs on events only (a new job,
 * an ended request, a rate limit that allows the next one) and never polls.
 */
export class Dispatcher {
  /** Called when a request has ended, before its slot is freed and its result is recorded. */
  readonly concluded = new Listeners<[ConcludedAttempt]>();
  readonly #options: DispatcherOptions;
  readonly #queue: FairQueue<Job>;
  readonly #delayed = new Map<Job, () => void>();
  readonly #stopSweep: () => void;
  #state: 'running' | 'draining' | 'stopped' = 'running';
  #working = 0;
  #isPumping = false;
  #wakeMs: number | undefined;
  #cancelWake: () => void = () => {};
  #onQuiet: (() => void)[] = [];

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#queue = new FairQueue<Job>(options.caps);
    const { clock } = options;
    this.#stopSweep = runPeriodically({
      clock,
      firstMs: forgetAfterMs,
      everyMs: forgetAfterMs,
      run: () => this.#queue.forgetUnused(clock.monotonicMs() - forgetAfterMs),
    });
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  /** Sizes and speeds of the queue, for metrics and deferral. */
  get queue(): Pick<
    FairQueue<Job>,
    | 'queued'
    | 'queuedBytes'
    | 'inFlight'
    | 'queues'
    | 'lengthOf'
    | 'aheadOf'
    | 'inFlightOf'
    | 'stateOf'
    | 'quietMsOf'
  > {
    return this.#queue;
  }

  /** Attempts in progress whose request has ended and that are still to be recorded. */
  get unrecorded(): number {
    return this.#working - this.#queue.inFlight;
  }

  get delayed(): number {
    return this.#delayed.size;
  }

  /** Adds a job to its subscription's queue. Call `pump` after the last one of a batch. */
  offer(job: Job, limits: QueueLimits): void {
    const subscriptionId = job.command.state.subscriptionId;
    this.#queue.push({ subscriptionId, job, limits, nowMs: this.#options.clock.monotonicMs() });
  }

  /** Keeps a job in memory until it is due, then calls `onDue`. Returns false if too many jobs are delayed already. */
  delay(job: Job, delayMs: number, onDue: () => void): boolean {
    if (this.#delayed.size >= this.#options.maxDelayed || this.#state !== 'running') return false;
    const cancel = this.#options.clock.setTimer(() => {
      this.#delayed.delete(job);
      onDue();
      this.pump();
    }, delayMs);
    this.#delayed.set(job, cancel);
    return true;
  }

  setLimits(subscriptionId: string, limits: QueueLimits): void {
    this.#queue.setLimits(subscriptionId, limits, this.#options.clock.monotonicMs());
    this.pump();
  }

  /** Starts all jobs that may be sent now. */
  pump(): void {
    // A job without a request frees its slot while it is started, and the loop below takes the next one.
    if (this.#isPumping) return;
    this.#isPumping = true;
    const { clock, maxUnrecorded } = this.#options;
    const nowMs = clock.monotonicMs();
    while (this.#state === 'running' && this.unrecorded < maxUnrecorded) {
      const taken = this.#queue.take(nowMs);
      if (taken === undefined) break;
      this.#working += 1;
      void this.#run(taken.job, taken.subscriptionId);
    }
    this.#isPumping = false;
    this.#wakeLater(nowMs);
  }

  /** Removes and returns all queued jobs of one subscription. */
  takeQueued(subscriptionId: string): readonly Job[] {
    const nowMs = this.#options.clock.monotonicMs();
    return this.#queue.removeWhere(() => true, { subscriptionId, nowMs });
  }

  /** Removes and returns jobs that have waited too long. */
  takeAged(isTooOld: Parameters<FairQueue<Job>['takeAged']>[1]): ReturnType<FairQueue<Job>['takeAged']> {
    return this.#queue.takeAged(this.#options.clock.monotonicMs(), isTooOld);
  }

  /** Removes and returns the queued jobs of a revoked partition; jobs in progress continue. */
  dropPartition(partition: number): readonly Job[] {
    const isLost = (job: Job) => job.partition === partition;
    const dropped = [...this.#queue.removeWhere(isLost, { nowMs: this.#options.clock.monotonicMs() })];
    for (const [job, cancel] of this.#delayed) {
      if (!isLost(job)) continue;
      cancel();
      this.#delayed.delete(job);
      dropped.push(job);
    }
    return dropped;
  }

  /**
   * Accepts no further jobs and waits until all jobs in progress are recorded, at most
   * `deadlineMs`. Resolves to true when all are.
   */
  async drain(deadlineMs: number): Promise<boolean> {
    this.#state = 'draining';
    this.#cancelWake();
    this.#stopSweep();
    for (const cancel of this.#delayed.values()) cancel();
    if (this.#working > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#options.clock.setTimer(resolve, deadlineMs);
        this.#onQuiet.push(() => {
          cancel();
          resolve();
        });
      });
    }
    this.#state = 'stopped';
    return this.#working === 0;
  }

  /** Runs the stages of one attempt. The job has its slot until it is concluded; it is recorded without one. */
  async #run(job: Job, subscriptionId: string): Promise<void> {
    const { attempts, clock } = this.#options;
    let ended: EndedAttempt;
    try {
      const begun = attempts.prepare(job);
      const prepared = begun.kind === 'large' ? await attempts.sign(begun) : begun;
      ended =
        prepared.kind === 'request' ? attempts.conclude(prepared, await attempts.send(prepared)) : prepared;
      if (ended.kind === 'concluded') this.concluded.call(ended.attempted);
    } catch (error) {
      ended = { kind: 'defect', error };
    }
    this.#queue.finished(subscriptionId, clock.monotonicMs());
    this.pump();
    try {
      await attempts.record(job, ended, !this.isRunning);
    } finally {
      this.#working -= 1;
      if (this.#working === 0) for (const quiet of this.#onQuiet.splice(0)) quiet();
      this.pump();
    }
  }

  #wakeLater(nowMs: number): void {
    const wakeMs = this.#state === 'running' ? this.#queue.nextWakeMs() : undefined;
    if (wakeMs === this.#wakeMs) return;
    this.#cancelWake();
    this.#wakeMs = wakeMs;
    if (wakeMs === undefined) return;
    this.#cancelWake = this.#options.clock.setTimer(
      () => {
        this.#wakeMs = undefined;
        this.pump();
      },
      Math.max(shortestWakeMs, wakeMs - nowMs),
    );
  }
}
