import type { AttemptRecorded, DeliveryId } from '@tidings/contracts';

type Chain = { readonly chain: number; attempt: number; waits: boolean };
type Known = 'delivered' | 'under-way' | Chain[];

/**
 * Finds out which deliveries of a given set were delivered or have a chain under way, from the records about them in
 * the order of the log. Of a delivery without a record nothing is kept but its id.
 */
export class DeliveryChains {
  readonly #deliveries = new Map<DeliveryId, Known | null>();

  /** Number of deliveries in the set. */
  get size(): number {
    return this.#deliveries.size;
  }

  add(id: DeliveryId): void {
    if (!this.#deliveries.has(id)) this.#deliveries.set(id, null);
  }

  has(id: string): boolean {
    return this.#deliveries.has(id as DeliveryId);
  }

  /** A command of the delivery waits in a topic. */
  underWay(id: DeliveryId): void {
    if (this.#deliveries.has(id) && this.#deliveries.get(id) !== 'delivered')
      this.#deliveries.set(id, 'under-way');
  }

  attempted({ deliveryId, chain, attempt, outcome, next }: AttemptRecorded): void {
    const known = this.#deliveries.get(deliveryId);
    if (known === undefined || known === 'delivered' || known === 'under-way') return;
    if (outcome.kind === 'delivered') {
      this.#deliveries.set(deliveryId, 'delivered');
      return;
    }
    // A copy that was dropped says nothing about its chain.
    if (outcome.kind === 'suppressed' && outcome.reason === 'duplicate-command') return;
    const chains = known ?? [];
    const waits = next.kind === 'retry';
    const same = chains.find((one) => one.chain === chain);
    if (same === undefined) chains.push({ chain, attempt, waits });
    else if (attempt >= same.attempt) {
      same.attempt = attempt;
      same.waits = waits;
    }
    this.#deliveries.set(deliveryId, chains);
  }

  /** Commands of the delivery below this chain are dropped when their time comes. */
  superseded(id: DeliveryId, belowChain: number): void {
    const known = this.#deliveries.get(id);
    if (Array.isArray(known)) for (const one of known) if (one.chain < belowChain) one.waits = false;
  }

  /** Returns true unless the delivery was delivered or has a chain under way. */
  isMissing(id: DeliveryId): boolean {
    const known = this.#deliveries.get(id) ?? null;
    return known === null || (Array.isArray(known) && known.every(({ waits }) => !waits));
  }
}
