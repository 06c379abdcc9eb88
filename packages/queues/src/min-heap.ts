type HeapEntry<T> = Readonly<{ at: number; item: T }>;

/** A binary heap: the entry with the smallest `at` comes first. */
export class MinHeap<T> {
  readonly #entries: HeapEntry<T>[] = [];

  get size(): number {
    return this.#entries.length;
  }

  peek(): HeapEntry<T> | undefined {
    return this.#entries[0];
  }

  push(at: number, item: T): void {
    this.#entries.push({ at, item });
    this.#rise(this.#entries.length - 1);
  }

  pop(): HeapEntry<T> | undefined {
    const first = this.#entries[0];
    const last = this.#entries.pop();
    if (first === undefined || last === undefined) return undefined;
    if (this.#entries.length > 0) {
      this.#entries[0] = last;
      this.#sink(0);
    }
    return first;
  }

  /** Removes the entries for which `keep` returns false. */
  retain(keep: (entry: HeapEntry<T>) => boolean): void {
    for (const { at, item } of this.#entries.splice(0).filter(keep)) this.push(at, item);
  }

  #at(index: number): number {
    return this.#entries[index]?.at ?? Infinity;
  }

  #swap(a: number, b: number): void {
    const entry = this.#entries[a] as HeapEntry<T>;
    this.#entries[a] = this.#entries[b] as HeapEntry<T>;
    this.#entries[b] = entry;
  }

  #rise(start: number): void {
    for (let index = start; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (this.#at(parent) <= this.#at(index)) return;
      this.#swap(parent, index);
      index = parent;
    }
  }

  #sink(start: number): void {
    for (let index = start; ; ) {
      const left = 2 * index + 1;
      const smaller = this.#at(left + 1) < this.#at(left) ? left + 1 : left;
      if (this.#at(smaller) >= this.#at(index)) return;
      this.#swap(smaller, index);
      index = smaller;
    }
  }
}
