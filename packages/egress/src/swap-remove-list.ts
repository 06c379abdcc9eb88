/** What can stand in a {@link SwapRemoveList}; -1 when it stands in none. Only the roster changes it. */
export type Listed = { index: number };

/**
 * Things that come and go all the time, in no order. A Set whose entries change is rebuilt every few of them, and V8
 * links each old table to the next: once one of them has reached the old generation, all that follow, and what was in
 * them, get there too and stay until a full collection (adr/0012).
 */
export class SwapRemoveList<T extends Listed> {
  readonly #all: T[] = [];

  get size(): number {
    return this.#all.length;
  }

  /** Must not stand in any roster. */
  add(one: T): void {
    one.index = this.#all.length;
    this.#all.push(one);
  }

  /** False when it was not there. */
  delete(one: T): boolean {
    const { index } = one;
    if (this.#all[index] !== one) return false;
    const last = this.#all.pop() as T;
    if (last !== one) {
      this.#all[index] = last;
      last.index = index;
    }
    one.index = -1;
    return true;
  }

  /** A copy, so that those in it may be taken out meanwhile. */
  values(): readonly T[] {
    return [...this.#all];
  }

  /** The one with the smallest rank; undefined when there is none. */
  least(rankOf: (one: T) => number): T | undefined {
    let [found] = this.#all;
    for (const one of this.#all) if (found === undefined || rankOf(one) < rankOf(found)) found = one;
    return found;
  }
}
