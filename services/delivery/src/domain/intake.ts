import { Fifo } from './fifo.ts';

/**
 * What was read and not looked at yet, by partition. Partitions take turns of a few items each, so that a large batch
 * of one does not keep the others waiting.
 */
export class Intake<T> {
  readonly #partitions = new Map<number, Fifo<T>>();
  #waiting = 0;

  get waiting(): number {
    return this.#waiting;
  }

  add(partition: number, items: readonly T[]): void {
    const known = this.#partitions.get(partition);
    const queue = known ?? new Fifo<T>();
    if (known === undefined) this.#partitions.set(partition, queue);
    for (const item of items) queue.push(item);
    this.#waiting += items.length;
  }

  /** Takes up to `count` items of the partition whose turn it is; empty when nothing waits. */
  next(count: number): readonly T[] {
    const [turn] = this.#partitions;
    if (turn === undefined) return [];
    const [partition, queue] = turn;
    const items: T[] = [];
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      items.push(item);
      if (items.length === count) break;
    }
    this.#waiting -= items.length;
    this.#partitions.delete(partition);
    if (queue.length > 0) this.#partitions.set(partition, queue);
    return items;
  }

  drop(partition: number): void {
    this.#waiting -= this.#partitions.get(partition)?.length ?? 0;
    this.#partitions.delete(partition);
  }
}
