import { type CountName, countNames, type Fact, type HistogramName, histogramNames } from './fact.ts';
import { quantilesOf } from './latency-histogram.ts';

/** Counts and histograms; what is missing is 0 or empty. */
export type Cell = Readonly<{
  counts: Readonly<Partial<Record<CountName, number>>>;
  histograms: Readonly<Partial<Record<HistogramName, ReadonlyMap<number, number>>>>;
}>;

/** Quantiles in milliseconds; null where nothing was measured. */
export type Quantiles = Readonly<{ p50: number | null; p95: number | null; p99: number | null }>;

/** The figures of a bucket, a group or a whole answer. `successRate`: delivered by attempts; null without attempts. */
export type Figures = Readonly<
  Record<CountName, number> & {
    attempts: number;
    successRate: number | null;
    quantiles: Readonly<Record<HistogramName, Quantiles>>;
  }
>;

/** A sum of cells. Addition is commutative and associative. */
export class CellSum {
  readonly #counts: Record<CountName, number> = {
    ...{ accepted: 0, delivered: 0, failed: 0, dead_lettered: 0, suppressed: 0 },
  };
  // Made with their first value: half of all cells are those of accepted events, which have none.
  readonly #histograms: Partial<Record<HistogramName, Map<number, number>>> = {};

  get attempts(): number {
    return this.#counts.delivered + this.#counts.failed;
  }

  /** The state of the sum; it changes with it. */
  get cell(): Cell {
    return { counts: this.#counts, histograms: this.#histograms };
  }

  count({ counts, bins }: Pick<Fact, 'counts' | 'bins'>): void {
    for (const name of counts) this.#counts[name] += 1;
    for (const name of histogramNames) {
      const bin = bins[name];
      if (bin === undefined) continue;
      this.#addTo(name, bin, 1);
    }
  }

  add({ counts, histograms }: Cell): void {
    for (const name of countNames) this.#counts[name] += counts[name] ?? 0;
    for (const name of histogramNames) {
      for (const [bin, count] of histograms[name] ?? []) this.#addTo(name, bin, count);
    }
  }

  /** Returns the figures of what was added. */
  figures(): Figures {
    const { attempts } = this;
    const quantiles = (name: HistogramName): Quantiles => {
      const [p50 = null, p95 = null, p99 = null] = quantilesOf(
        this.#histograms[name] ?? new Map(),
        [0.5, 0.95, 0.99],
      );
      return { p50, p95, p99 };
    };
    return {
      ...this.#counts,
      attempts,
      successRate: attempts === 0 ? null : Math.round((this.#counts.delivered / attempts) * 10_000) / 10_000,
      quantiles: { attempt: quantiles('attempt'), accept_to_delivered: quantiles('accept_to_delivered') },
    };
  }

  #addTo(name: HistogramName, bin: number, count: number): void {
    const histogram = this.#histograms[name] ?? new Map<number, number>();
    this.#histograms[name] = histogram.set(bin, (histogram.get(bin) ?? 0) + count);
  }
}
