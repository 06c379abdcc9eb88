/** An element of a {@link SwapRemoveList}; -1 if it is in none. Only the list changes it. */
export type Listed = { index: number };

/**
 * An unordered list with frequent additions and removals. A Set with changing entries is rebuilt every few changes, and
 * V8 links each old table to the next: once one of them reaches the old generation, all later ones and their contents
 * follow and stay until a full collection (adr/0012).
 */
export class SwapRemoveList<T extends Listed> {
  readonly #all: T[] = [];

  get size(): number {
    return this.#all.length;
  }

  /** Adds an element, which must not be in any list. */
  add(one: T): void {
    one.index = this.#all.length;
    this.#all.push(one);
  }

  /** Removes an element; returns false if it was not in the list. */
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

  /** Returns a copy, so that its elements may be removed during iteration. */
  values(): readonly T[] {
    return [...this.#all];
  }
}
