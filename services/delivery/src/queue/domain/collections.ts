// Number of empty places at the front above which the array is compacted.
const compactAfter = 64;

/** A first-in, first-out queue. `Array.prototype.shift` moves all remaining items. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #taken = 0;

  get length(): number {
    return this.#items.length - this.#taken;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  peek(): T | undefined {
    return this.#items[this.#taken];
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#taken];
    this.#items[this.#taken] = undefined;
    this.#taken += 1;
    if (this.#taken === this.#items.length) {
      this.#items = [];
      this.#taken = 0;
    } else if (this.#taken > compactAfter && this.#taken * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#taken);
      this.#taken = 0;
    }
    return item;
  }

  /** Removes and returns the items that match `isUnwanted`, in order; keeps the order of the rest. */
  removeWhere(isUnwanted: (item: T) => boolean): readonly T[] {
    const removed: T[] = [];
    const kept: T[] = [];
    for (let at = this.#taken; at < this.#items.length; at += 1) {
      const item = this.#items[at] as T;
      (isUnwanted(item) ? removed : kept).push(item);
    }
    if (removed.length > 0) {
      this.#items = kept;
      this.#taken = 0;
    }
    return removed;
  }
}

/** A node of a ring. The two links belong to the ring. */
export type RingNode<T> = { next: T | null; previous: T | null };

/** A circular list with a first node. Adding, removing and rotating take constant time. */
export class Ring<T extends RingNode<T>> {
  #first: T | null = null;

  get first(): T | null {
    return this.#first;
  }

  /** Adds `node`, which must be in no ring, as the last one. */
  add(node: T): void {
    const first = this.#first;
    if (first === null) {
      node.next = node;
      node.previous = node;
      this.#first = node;
      return;
    }
    const last = first.previous as T;
    node.next = first;
    node.previous = last;
    last.next = node;
    first.previous = node;
  }

  /** Removes `node`, which must be in this ring. */
  remove(node: T): void {
    const next = node.next as T;
    const previous = node.previous as T;
    if (next === node) this.#first = null;
    else {
      previous.next = next;
      next.previous = previous;
      if (this.#first === node) this.#first = next;
    }
    node.next = null;
    node.previous = null;
  }

  /** Moves the first node to the end. */
  rotate(): void {
    if (this.#first !== null) this.#first = this.#first.next;
  }
}

type PersistedEntry<T> = Readonly<{ at: number; item: T }>;

/** A binary heap: the entry with the smallest `at` comes first. */
export class MinHeap<T> {
  readonly #entries: PersistedEntry<T>[] = [];

  get size(): number {
    return this.#entries.length;
  }

  peek(): PersistedEntry<T> | undefined {
    return this.#entries[0];
  }

  push(at: number, item: T): void {
    this.#entries.push({ at, item });
    this.#rise(this.#entries.length - 1);
  }

  pop(): PersistedEntry<T> | undefined {
    const first = this.#entries[0];
    const last = this.#entries.pop();
    if (first === undefined || last === undefined) return undefined;
    if (this.#entries.length > 0) {
      this.#entries[0] = last;
      this.#sink(0);
    }
    return first;
  }

  #at(index: number): number {
    return this.#entries[index]?.at ?? Infinity;
  }

  #swap(a: number, b: number): void {
    const entry = this.#entries[a] as PersistedEntry<T>;
    this.#entries[a] = this.#entries[b] as PersistedEntry<T>;
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
