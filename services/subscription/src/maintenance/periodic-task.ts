import type { HistogramHandle, Logger } from '@tidings/observability';
import { type Clock, type HealthPart, messageOf } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';

// A turn that failed is not put off as long as one that succeeded: what it had to do is still to be done.
const retryMs = 5_000;

/** Work that is done again and again. `everyMs` is the pause between the end of a turn and the next. */
export type PeriodicTaskSpec = Readonly<{ name: string; everyMs: number; run(): Promise<unknown> }>;

/** What repeating needs. */
export type PeriodicTaskParts = Readonly<{
  clock: Clock;
  logger: Logger;
  health: HealthPart;
  seconds: HistogramHandle<(typeof metricsCatalogue)['maintenance']>;
}>;

/**
 * Repeats one piece of work: waiting ⇄ working, until closed. Turns never overlap. A failed turn is told once, and again
 * when the next one succeeds: while the database is away every turn fails, and one line says as much as a thousand.
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

  /** Does a turn now; when one is at work, another follows it. */
  wake(): void {
    if (this.#isClosed) return;
    if (this.#running !== undefined) {
      this.#isRunRequested = true;
      return;
    }
    this.#cancel();
    this.#running = this.#run();
  }

  /** No further turn; the one at work is waited for. */
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
