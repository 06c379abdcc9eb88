import { Fifo } from '@tidings/queues';

/** An item that may belong to bulk work, such as a replay. */
export type Classed = Readonly<{ isBulk?: boolean }>;

/** A queue of two classes: bulk items are taken only while no other item waits. Within a class, first in, first out. */
export class TwoClassFifo<T extends Classed> {
  readonly #live = new Fifo<T>();
  readonly #bulk = new Fifo<T>();

  /** The classes, the first one taken first: each can be inspected and emptied by itself. */
  get classes(): readonly Fifo<T>[] {
    return [this.#live, this.#bulk];
  }

  get length(): number {
    return this.#live.length + this.#bulk.length;
  }

  /** Items that are taken before a new one of the given class. */
  aheadOf({ isBulk = false }: Classed): number {
    return isBulk ? this.length : this.#live.length;
  }

  push(item: T): void {
    (item.isBulk === true ? this.#bulk : this.#live).push(item);
  }

  shift(): T | undefined {
    return this.#live.shift() ?? this.#bulk.shift();
  }

  /** Removes and returns the items that match `isUnwanted`: bulk items last, each class in order. */
  removeWhere(isUnwanted: (item: T) => boolean): readonly T[] {
    const live = this.#live.removeWhere(isUnwanted);
    const bulk = this.#bulk.removeWhere(isUnwanted);
    return bulk.length === 0 ? live : [...live, ...bulk];
  }
}
