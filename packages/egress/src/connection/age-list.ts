/** An element of an {@link AgeList}: its neighbours. Only the list changes them. */
export type Aged<T> = { older: T | undefined; newer: T | undefined };

/**
 * A list in the order of additions, from which the oldest and any other element is removed in constant time. A Map in that order
 * would keep what was removed alive (adr/0012).
 */
export class AgeList<T extends Aged<T>> {
  #oldest: T | undefined;
  #newest: T | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get oldest(): T | undefined {
    return this.#oldest;
  }

  /** Adds an element, which must not be in any list, as the newest. */
  add(one: T): void {
    one.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = one;
    else this.#newest.newer = one;
    this.#newest = one;
    this.#size += 1;
  }

  /** Removes an element; returns false if it was not in the list. */
  delete(one: T): boolean {
    const { older, newer } = one;
    if (older === undefined && this.#oldest !== one) return false;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    one.older = undefined;
    one.newer = undefined;
    this.#size -= 1;
    return true;
  }

  /** Returns a copy, oldest first, so that its elements may be removed during iteration. */
  values(): readonly T[] {
    const all: T[] = [];
    for (let one = this.#oldest; one !== undefined; one = one.newer) all.push(one);
    return all;
  }
}
