type Seen = { subscriptionId: string; atMs: number };

/** Maximum queue length of a subscription that a neighbour's backlog would delay. */
export const lightQueueLength = 16;

const noSubscription = '';

/**
 * Tracks which other subscriptions recently had commands in a partition. A backlog delays only commands
 * behind it in the same partition. Without neighbours, blocking the partition costs nothing, while a deferral
 * costs as much as a delivery. Keeping the two most recent lightly loaded subscriptions is enough: at most
 * one of them is the subscription in question.
 */
export class PartitionNeighbours {
  #last: Seen = { subscriptionId: noSubscription, atMs: -Infinity };
  #before: Seen = { subscriptionId: noSubscription, atMs: -Infinity };

  /** Records a command of a subscription that had `waiting` commands before it. */
  record(subscriptionId: string, waiting: number, nowMs: number): void {
    if (waiting > lightQueueLength) return;
    if (this.#last.subscriptionId === subscriptionId) {
      this.#last.atMs = nowMs;
      return;
    }
    this.#before = this.#last;
    this.#last = { subscriptionId, atMs: nowMs };
  }

  /** Returns true when another subscription had a command after `sinceMs` and still has a short queue. */
  hasOther(subscriptionId: string, sinceMs: number, queuedOf: (subscriptionId: string) => number): boolean {
    const isOther = (seen: Seen): boolean =>
      seen.subscriptionId !== subscriptionId &&
      seen.atMs >= sinceMs &&
      queuedOf(seen.subscriptionId) <= lightQueueLength;
    return isOther(this.#last) || isOther(this.#before);
  }
}
