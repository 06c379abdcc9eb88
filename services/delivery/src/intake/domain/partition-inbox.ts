import { Fifo } from '@tidings/queues';

/**
 * Records that were read and not processed yet, by partition. Partitions are served in rotation, a few items
 * each, so that a large batch of one does not delay the others.
 */
export class PartitionInbox<T> {
  readonly #partitions = new Map<number, Fifo<T>>();
  /** The partitions with waiting items, each once. No Set: adr/0012. */
  readonly #ready = new Fifo<Fifo<T>>();
  #waiting = 0;

  get waiting(): number {
    return this.#waiting;
  }

  add(partition: number, items: readonly T[]): void {
    const queue = this.#queueOf(partition);
    if (queue.length === 0 && items.length > 0) this.#ready.push(queue);
    for (const item of items) queue.push(item);
    this.#waiting += items.length;
  }

  /** Removes and returns up to `count` items of the next partition in rotation; empty when nothing waits. */
  next(count: number): readonly T[] {
    const queue = this.#ready.shift();
    const items: T[] = [];
    for (let item = queue?.shift(); item !== undefined; item = queue?.shift()) {
      items.push(item);
      if (items.length === count) break;
    }
    this.#waiting -= items.length;
    if (queue !== undefined && queue.length > 0) this.#ready.push(queue);
    return items;
  }

  drop(partition: number): void {
    const queue = this.#partitions.get(partition);
    if (queue === undefined) return;
    this.#waiting -= queue.length;
    this.#ready.removeWhere((other) => other === queue);
    this.#partitions.delete(partition);
  }

  #queueOf(partition: number): Fifo<T> {
    const known = this.#partitions.get(partition);
    if (known !== undefined) return known;
    const fresh = new Fifo<T>();
    this.#partitions.set(partition, fresh);
    return fresh;
  }
}
