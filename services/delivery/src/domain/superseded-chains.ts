import type { DeliveryId, DeliveryState } from '@tidings/contracts';

type Superseding = Readonly<{ chain: number; atMs: number }>;

/**
 * Knows which chains of a delivery were superseded by a retry. Their waiting commands may come back days later, long
 * after `FinishedAttempts` has forgotten them. Restored from the log when a partition is assigned.
 */
export class SupersededChains {
  readonly #keptMs: number;
  /** By partition, and there by delivery, the oldest first. */
  readonly #partitions = new Map<number, Map<DeliveryId, Superseding>>();

  constructor(keptMs: number) {
    this.#keptMs = keptMs;
  }

  get size(): number {
    return [...this.#partitions.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Records that chains of the delivery below `chain` are superseded since `atMs`, and forgets what has expired. */
  add(
    partition: number,
    { deliveryId, chain }: Pick<DeliveryState, 'deliveryId' | 'chain'>,
    atMs: number,
  ): void {
    const known = this.#partitions.get(partition) ?? new Map<DeliveryId, Superseding>();
    this.#partitions.set(partition, known);
    const highest = Math.max(chain, known.get(deliveryId)?.chain ?? 0);
    // Deleted first: a Map keeps the place of a key that it has, and the oldest come first here.
    known.delete(deliveryId);
    known.set(deliveryId, { chain: highest, atMs });
    for (const [oldest, superseding] of known) {
      if (superseding.atMs > atMs - this.#keptMs) break;
      known.delete(oldest);
    }
  }

  /** Returns true when it is known that chains of the delivery below this one are superseded. */
  has(partition: number, { deliveryId, chain }: Pick<DeliveryState, 'deliveryId' | 'chain'>): boolean {
    return this.#chainOf(partition, deliveryId) >= chain;
  }

  /** Returns true when a command is superseded: it ends without a request, for a later chain has taken its place. */
  covers(partition: number, { deliveryId, chain }: Pick<DeliveryState, 'deliveryId' | 'chain'>): boolean {
    return this.#chainOf(partition, deliveryId) > chain;
  }

  dropPartition(partition: number): void {
    this.#partitions.delete(partition);
  }

  #chainOf(partition: number, deliveryId: DeliveryId): number {
    return this.#partitions.get(partition)?.get(deliveryId)?.chain ?? -1;
  }
}
