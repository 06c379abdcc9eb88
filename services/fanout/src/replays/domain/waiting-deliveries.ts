import type { DeliveryId } from '@tidings/contracts';

type Position = Readonly<{ partition: number; offset: number }>;

// About 10 MB.
const maxIds = 100_000;

/**
 * The deliveries of which a command may still wait, as known at one moment: those whose commands wait in a topic, and
 * those whose events had not been fanned out. Beyond a bounded number, it may be any delivery.
 */
export class WaitingDeliveries {
  readonly #ids = new Set<DeliveryId>();
  readonly #fannedOut: ReadonlyMap<number, number>;
  readonly #limit: number;

  /** `fannedOut`: by partition, the first offset whose event had not been fanned out. */
  constructor(fannedOut: ReadonlyMap<number, number>, limit = maxIds) {
    this.#fannedOut = fannedOut;
    this.#limit = limit;
  }

  add(id: DeliveryId): void {
    if (this.#ids.size <= this.#limit) this.#ids.add(id);
  }

  /** Returns true unless it is known that no command of the delivery, whose event has this position, waits. */
  mayWait(id: DeliveryId, { partition, offset }: Position): boolean {
    return (
      this.#ids.size > this.#limit || this.#ids.has(id) || offset >= (this.#fannedOut.get(partition) ?? 0)
    );
  }
}
