import { MinHeap } from '@tidings/queues';
import { Ring } from './ring.ts';
import { type SubscriptionQueue, stateOf } from './subscription-queue.ts';
import type { Classed } from './two-class-fifo.ts';

/** The share of each subscription in a round. */
const quantumBytes = 16_384;

/**
 * The queues that may send now, in the order of their turns, and those that their rate limit delays. Each change of a
 * queue must be followed by `settle`.
 */
export class QueueSchedule<J extends Classed> {
  readonly #fresh = new Ring<SubscriptionQueue<J>>();
  readonly #busy = new Ring<SubscriptionQueue<J>>();
  readonly #throttled = new MinHeap<SubscriptionQueue<J>>();

  /** The next queue with nothing in flight. */
  get fresh(): SubscriptionQueue<J> | undefined {
    return this.#fresh.first ?? undefined;
  }

  /** Returns the next queue with requests in flight by deficit round-robin; each round grants the others their share. */
  nextBusy(): SubscriptionQueue<J> | undefined {
    for (let queue = this.#busy.first; queue !== null; queue = this.#busy.first) {
      if (queue.deficit > 0) return queue;
      queue.deficit += quantumBytes;
      if (queue.deficit > 0) return queue;
      this.#busy.rotate();
    }
    return undefined;
  }

  /** Returns the time at which the next throttled queue may continue. */
  nextWakeMs(): number | undefined {
    for (let entry = this.#throttled.peek(); entry !== undefined; entry = this.#throttled.peek()) {
      if (entry.item.state === 'throttled' && entry.item.wakeMs === entry.at) return entry.at;
      // Stale: the queue has changed since.
      this.#throttled.pop();
    }
    return undefined;
  }

  /** Settles the throttled queues that may continue. */
  wake(nowMs: number): void {
    for (let entry = this.#throttled.peek(); entry !== undefined; entry = this.#throttled.peek()) {
      if (entry.at > nowMs) return;
      this.#throttled.pop();
      const queue = entry.item;
      if (queue.state === 'throttled' && queue.wakeMs === entry.at) this.settle(queue, nowMs);
    }
  }

  /** Moves a queue to where its content requires. No other code changes its state, its ring or its position in the heap. */
  settle(queue: SubscriptionQueue<J>, nowMs: number): void {
    const before = queue.state;
    const after = stateOf(queue, nowMs);
    if (after === 'throttled') {
      const wakeMs = queue.bucket?.readyAtMs(nowMs) ?? nowMs;
      if (before !== 'throttled' || queue.wakeMs !== wakeMs) this.#throttled.push(wakeMs, queue);
      queue.wakeMs = wakeMs;
    }
    if (after === 'idle') queue.deficit = 0;
    if (before === after) {
      if (after === 'busy' && queue.deficit <= 0 && this.#busy.first === queue) this.#busy.rotate();
      return;
    }
    if (before === 'fresh') this.#fresh.remove(queue);
    if (before === 'busy') this.#busy.remove(queue);
    if (after === 'fresh') this.#fresh.add(queue);
    if (after === 'busy') this.#busy.add(queue);
    queue.state = after;
  }
}
