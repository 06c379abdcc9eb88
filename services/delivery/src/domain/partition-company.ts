type Seen = { laneId: string; atMs: number };

/** A subscription with no more than this waiting is one that a neighbour's backlog would hurt. */
export const lightQueue = 16;

const nobody = '';

/**
 * Who else's commands come through a partition. A backlog hurts only those behind it in the same partition: where
 * nobody is, holding the partition back is free, while a trip over the ladder costs as much as a delivery. The two
 * subscriptions that were light last are enough to know: one of them is not the one that asks.
 */
export class PartitionCompany {
  #last: Seen = { laneId: nobody, atMs: -Infinity };
  #before: Seen = { laneId: nobody, atMs: -Infinity };

  /** A command of a subscription has come, and that many were waiting before it. */
  note(laneId: string, waiting: number, nowMs: number): void {
    if (waiting > lightQueue) return;
    if (this.#last.laneId === laneId) {
      this.#last.atMs = nowMs;
      return;
    }
    this.#before = this.#last;
    this.#last = { laneId, atMs: nowMs };
  }

  /** True when another subscription came by after `sinceMs` and still has little waiting. */
  hasOther(laneId: string, sinceMs: number, waitingOf: (laneId: string) => number): boolean {
    const isOther = (seen: Seen): boolean =>
      seen.laneId !== laneId && seen.atMs >= sinceMs && waitingOf(seen.laneId) <= lightQueue;
    return isOther(this.#last) || isOther(this.#before);
  }
}
