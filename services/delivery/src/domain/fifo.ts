// How many taken places may stay at the front before they are given back.
const maxTakenPlaces = 64;

/** First in, first out. An array's own shift moves everything behind it. */
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
    } else if (this.#taken > maxTakenPlaces && this.#taken * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#taken);
      this.#taken = 0;
    }
    return item;
  }

  /** Takes out what `isUnwanted`, in order, and keeps the order of the rest. */
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
