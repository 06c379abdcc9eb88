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
// Three documents for each partition and workspace are in use at a time; one that is forgotten is read again.
const maxKnownCells = 50_000;

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

  constructor(store: Pick<StatisticsStore, 'open' | 'apply'>, attempts: KnownAttempts) {
    this.#store = store;
    this.#attempts = attempts;
  }

  /** Adds the facts of one batch. After a rejection the whole batch can be repeated. Not to be called concurrently. */
  async add(facts: readonly Fact[], nowMs: number): Promise<AppliedFacts> {
    let cells = 0;
    for (const known of this.#known.values()) cells += known.cells.size;
    if (cells > maxKnownCells) this.#known.clear();
    const waiting = byBucket(await this.#attempts.fresh(facts), nowMs);
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
