import { Fifo } from '@tidings/queues';
import type { RunEntry } from './run-entry.ts';

/** Runs of ordered handlers by handler and ordering key: only the first of each is carried out. */
export class KeyOrder {
  readonly #queues = new Map<string, Fifo<RunEntry>>();
  readonly #isOrdered: (handler: string) => boolean;

  constructor(isOrdered: (handler: string) => boolean) {
    this.#isOrdered = isOrdered;
  }

  /** Adds a run behind the others of its key. */
  add(entry: RunEntry): void {
    const name = this.#nameOf(entry);
    if (name === null) return;
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new Fifo();
      this.#queues.set(name, queue);
    }
    queue.push(entry);
  }

  /** Returns true while an earlier run of its key has not ended. */
  isBlocked(entry: RunEntry): boolean {
    const name = this.#nameOf(entry);
    return name !== null && this.#queues.get(name)?.peek() !== entry;
  }

  /** Removes a run that has ended. Returns the one that may be carried out now. */
  end(entry: RunEntry): RunEntry | undefined {
    const name = this.#nameOf(entry);
    const queue = name === null ? undefined : this.#queues.get(name);
    if (name === null || queue === undefined || queue.peek() !== entry) return undefined;
    let next = queue.peek();
    // One that was cancelled before its turn is still in the queue. One that is just being retried has not ended.
    while (next?.hasEnded === true && next.isEnding) {
      queue.shift();
      next = queue.peek();
    }
    if (next === undefined) this.#queues.delete(name);
    return next;
  }

  #nameOf({ handler, orderingKey }: RunEntry): string | null {
    return orderingKey === null || !this.#isOrdered(handler) ? null : `${handler}\n${orderingKey}`;
  }
}
