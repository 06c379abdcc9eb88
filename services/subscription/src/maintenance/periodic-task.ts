import type { HistogramHandle, Logger } from '@tidings/observability';
import { type Clock, type HealthPart, messageOf } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';

// A failed run is retried sooner than `everyMs`, because its work is still pending.
const retryMs = 5_000;

/** A task that runs periodically. `everyMs` is the pause between the end of a run and the start of the next. */
export type PeriodicTaskSpec = Readonly<{ name: string; everyMs: number; run(): Promise<unknown> }>;

/** Dependencies of a periodic task. */
export type PeriodicTaskParts = Readonly<{
  clock: Clock;
  logger: Logger;
  health: HealthPart;
  seconds: HistogramHandle<(typeof metricsCatalogue)['maintenance']>;
}>;

/**
 * Runs one task periodically: waiting ⇄ running, until closed. Runs never overlap. Only the first failure of a series
 * is logged, and the next success: while the database is unavailable every run fails, and one log line is enough.
 */
export class PeriodicTask {
  readonly #work: PeriodicTaskSpec;
  readonly #parts: PeriodicTaskParts;
  #cancel = (): void => {};
  #running: Promise<void> | undefined;
  #isRunRequested = false;
  #isFailing = false;
  #isClosed = false;

  constructor(work: PeriodicTaskSpec, parts: PeriodicTaskParts) {
    this.#work = work;
    this.#parts = parts;
    parts.health.up();
  }

  /** Starts a run now; if one is in progress, another follows it. */
  wake(): void {
    if (this.#isClosed) return;
    if (this.#running !== undefined) {
      this.#isRunRequested = true;
      return;
    }
    this.#cancel();
    this.#running = this.#run();
  }

  /** Stops further runs and waits for the one in progress. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, health, seconds } = this.#parts;
    const { name: work, everyMs } = this.#work;
    do {
      this.#isRunRequested = false;
      const beganMs = clock.monotonicMs();
      const outcome = await this.#runOnce();
      seconds.observe({ work, outcome }, (clock.monotonicMs() - beganMs) / 1_000);
      health.progress();
    } while (this.#isRunRequested && !this.#isClosed);
    this.#running = undefined;
    if (!this.#isClosed)
      this.#cancel = clock.setTimer(
        () => this.wake(),
        this.#isFailing ? Math.min(retryMs, everyMs) : everyMs,
      );
  }

  async #runOnce(): Promise<'ok' | 'failed'> {
    const { logger } = this.#parts;
    const { name: work } = this.#work;
    try {
      await this.#work.run();
      if (this.#isFailing) logger.info({ work }, 'maintenance.recovered');
      this.#isFailing = false;
      return 'ok';
    } catch (error) {
      if (!this.#isFailing) logger.warn({ work, detail: messageOf(error) }, 'maintenance.failed');
      this.#isFailing = true;
      return 'failed';
    }
  }
}
