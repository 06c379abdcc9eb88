import type { DeliveryId, SubscriptionId } from '@tidings/contracts';

type Endpoint = Readonly<{ id: SubscriptionId; isOrdered: boolean }>;

// After this time without news a command no longer counts: delivery may have dropped it as a copy, or defer it.
const expiryMs = 5_000;
// The commands of an ordered queue wait for one another.
const orderedExpiryMs = 30_000;

/**
 * The commands of a replay that were sent and have no attempt yet, by endpoint. A replay that keeps them few adapts
 * to the speed of each endpoint and of the delivery service, fills no queue, and can be stopped at once.
 */
export class SendWindow {
  readonly #limit: number;
  readonly #waiting = new Map<SubscriptionId, Map<DeliveryId, number>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Returns how many commands of the endpoint wait for their attempt. */
  waiting({ id, isOrdered }: Endpoint, nowMs: number): number {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return 0;
    const sinceMs = nowMs - (isOrdered ? orderedExpiryMs : expiryMs);
    for (const [delivery, sentMs] of waiting) {
      if (sentMs > sinceMs) break;
      waiting.delete(delivery);
    }
    if (waiting.size === 0) this.#waiting.delete(id);
    return waiting.size;
  }

  /** Returns true for an endpoint that has waiting commands. */
  isWaiting(id: string): boolean {
    return this.#waiting.has(id as SubscriptionId);
  }

  sent(id: SubscriptionId, delivery: DeliveryId, nowMs: number): void {
    const waiting = this.#waiting.get(id) ?? new Map<DeliveryId, number>();
    this.#waiting.set(id, waiting.set(delivery, nowMs));
  }

  ended(id: SubscriptionId, delivery: DeliveryId): void {
    this.#waiting.get(id)?.delete(delivery);
  }
}
