import type { Logger } from '@tidings/observability';
import { type AppError, type Clock, messageOf } from '@tidings/runtime';

/** Figures of a spool in its lines. */
type Reported = Readonly<{ records: number; bytes: number }>;

/** The reasons why a spool takes nothing: it has its maximum, or the disk fails. */
export type SpoolRefusal = 'full' | 'disk';

type Refusals = { lineMs: number; requests: number };

const refusalLineMs = 60_000;

/**
 * Log lines of a spool, for operators: one when it begins to fill, one when everything is in the log, one a minute while it
 * refuses events, and one about what a stop leaves. Between them `/ready` and the metrics tell.
 */
export class SpoolReport {
  readonly #logger: Logger;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #filling: { readonly sinceMs: number; drained: number } | undefined;
  readonly #refusals = new Map<SpoolRefusal, Refusals>();

  constructor(logger: Logger, clock: Pick<Clock, 'monotonicMs'>) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Notes what an earlier process has left. */
  recovered(left: Reported & Readonly<{ damaged: number; segments: number }>): void {
    if (left.segments === 0) return;
    if (left.records > 0) this.#begin();
    this.#logger[left.damaged > 0 ? 'error' : 'warn'](left, 'spool.recovered');
  }

  /** Notes that the disk has taken records. `detail`: why they are not in the log. */
  appended(now: Reported, detail: string): void {
    // It may have been drained already.
    if (this.#filling !== undefined || now.records === 0) return;
    this.#begin();
    this.#logger.warn({ detail, ...now }, 'spool.filling');
  }

  /** Notes a request that is answered 503 because the spool could not take it. */
  refused(reason: SpoolRefusal, error: AppError, now: Reported): void {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#refusals.get(reason);
    const requests = (known?.requests ?? 0) + 1;
    if (known !== undefined && nowMs - known.lineMs < refusalLineMs) {
      known.requests = requests;
      return;
    }
    this.#refusals.set(reason, { lineMs: nowMs, requests: 0 });
    const detail = messageOf(reason === 'disk' ? (error.cause ?? error) : error);
    this.#logger.error(
      { detail, requests, ...now },
      reason === 'full' ? 'spool.full' : 'spool.append-failed',
    );
  }

  /** Notes that records are in the log; `left`: those that are not. */
  drained(records: number, left: number): void {
    if (this.#filling === undefined) return;
    this.#filling.drained += records;
    if (left > 0) return;
    const { sinceMs, drained } = this.#filling;
    const seconds = Math.round((this.#clock.monotonicMs() - sinceMs) / 1_000);
    this.#filling = undefined;
    this.#logger.info({ records: drained, seconds }, 'spool.drained');
  }

  /** Notes what is left when the process stops. */
  closed(left: Reported & Readonly<{ oldestAgeMs: number }>): void {
    const { oldestAgeMs, ...rest } = left;
    if (left.records === 0) return;
    const about = { ...rest, oldestAgeSeconds: Math.round(oldestAgeMs / 1_000) };
    this.#logger.warn(
      { ...about, detail: 'the next start of this instance brings them to the log' },
      'spool.left',
    );
  }

  #begin(): void {
    this.#filling = { sinceMs: this.#clock.monotonicMs(), drained: 0 };
  }
}
