import { AppError } from '@tidings/runtime';
import { type BucketFacts, byBucket } from './domain/bucket.ts';
import { CellSum } from './domain/cell.ts';
import { type CellsByPath, countFacts } from './domain/count-facts.ts';
import type { Fact } from './domain/fact.ts';
import type { KnownAttempts } from './known-attempts.ts';
import type { BucketChange, StatisticsStore } from './ports.ts';

/** The number of documents that a batch has changed, and of changes that lost to another instance. */
export type AppliedFacts = Readonly<{ written: number; conflicts: number }>;

type Known = { offset: number; readonly cells: CellsByPath };

// Only another instance that still writes a revoked partition can win a conflict, and it writes each record once.
const maxRounds = 10;
// One that is forgotten is read again. Above this many cells, of some 500 bytes, those that the last batch did not change are forgotten,
const keptCells = 50_000;
// and above this all: 12 cells for each of 10,000 endpoints that have consumers of their own, in use within one batch, fit.
const maxCells = 150_000;

/** Returns the facts behind `offset`, each once: a partition that was lost and assigned again is in one batch twice. */
const rising = (facts: readonly Fact[], offset: number): readonly Fact[] => {
  const fresh: Fact[] = [];
  for (const fact of facts) if (fact.offset > (fresh.at(-1)?.offset ?? offset)) fresh.push(fact);
  return fresh;
};

/**
 * Adds facts to their documents. A document remembers the offset up to which it contains its partition, and a write
 * requires that this is still the one that the sum was made for; so each record counts once, however often and by however
 * many instances it is read, as long as each reads its partition in order from the committed offset.
 */
export class FactsToBuckets {
  readonly #store: Pick<StatisticsStore, 'open' | 'apply'>;
  readonly #attempts: KnownAttempts;
  readonly #known = new Map<string, Known>();
  #inUse: readonly string[] = [];

  constructor(store: Pick<StatisticsStore, 'open' | 'apply'>, attempts: KnownAttempts) {
    this.#store = store;
    this.#attempts = attempts;
  }

  /** The number of cells in the documents that the last batch changed. */
  get cells(): number {
    return this.#inUse.reduce((sum, key) => sum + (this.#known.get(key)?.cells.size ?? 0), 0);
  }

  /** Adds the facts of one batch. After a rejection the whole batch can be repeated. Not to be called concurrently. */
  async add(facts: readonly Fact[], nowMs: number): Promise<AppliedFacts> {
    this.#forgetUnused();
    const waiting = byBucket(await this.#attempts.fresh(facts), nowMs);
    this.#inUse = waiting.map(({ bucket }) => bucket.key);
    let written = 0;
    let conflicts = 0;
    for (let round = 0; round < maxRounds; round += 1) {
      await this.#open(waiting);
      const changes = waiting.flatMap((one) => this.#changeOf(one));
      if (changes.length === 0) return { written, conflicts };
      const applied = await this.#apply(changes);
      written += applied;
      conflicts += changes.length - applied;
      if (applied === changes.length) return { written, conflicts };
    }
    throw new AppError({
      code: 'conflict',
      message: `statistics of ${waiting.length} buckets were changed by another instance in each of ${maxRounds} rounds`,
      retryable: true,
    });
  }

  #forgetUnused(): void {
    let all = 0;
    for (const { cells } of this.#known.values()) all += cells.size;
    if (all <= keptCells) return;
    if (this.cells > maxCells) this.#known.clear();
    const inUse = new Set(this.#inUse);
    for (const key of [...this.#known.keys()]) if (!inUse.has(key)) this.#known.delete(key);
  }

  async #open(waiting: readonly BucketFacts[]): Promise<void> {
    const unknown = waiting.map(({ bucket }) => bucket).filter((bucket) => !this.#known.has(bucket.key));
    if (unknown.length === 0) return;
    const found = await this.#store.open(unknown);
    for (const bucket of unknown) {
      const { offset = -1, cells = [] } = found.get(bucket.key) ?? {};
      const sums = [...cells].map(([path, cell]) => {
        const sum = new CellSum();
        sum.add(cell);
        return [path, sum] as const;
      });
      this.#known.set(bucket.key, { offset, cells: new Map(sums) });
    }
  }

  #changeOf({ bucket, facts }: BucketFacts): readonly BucketChange[] {
    const known = this.#known.get(bucket.key);
    if (known === undefined) return [];
    const { offset: expected, cells } = known;
    const fresh = rising(facts, expected);
    const last = fresh.at(-1);
    if (last === undefined) return [];
    return [{ bucket, expected, offset: last.offset, changed: countFacts(fresh, cells) }];
  }

  /** Applies the changes. Unless all have been applied it is unknown which: their documents are read again. */
  async #apply(changes: readonly BucketChange[]): Promise<number> {
    let applied = 0;
    try {
      applied = await this.#store.apply(changes);
    } finally {
      for (const { bucket, offset } of changes) {
        const known = this.#known.get(bucket.key);
        if (applied === changes.length && known !== undefined) known.offset = offset;
        else this.#known.delete(bucket.key);
      }
    }
    return applied;
  }
}
