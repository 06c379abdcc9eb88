import type { LiveHeld } from '@tidings/contracts';

type HoldState = LiveHeld['state'];
type Name = Pick<LiveHeld, 'subscriptionId' | 'chain'>;

/** The holds of replays on the live commands of ordered subscriptions, of the partitions of this process. */
export class LiveHolds {
  /** By partition and subscription: the state of each hold by the chain of its replay. */
  readonly #partitions = new Map<number, Map<string, Map<number, HoldState>>>();

  /** Number of subscriptions that are held. */
  get size(): number {
    return [...this.#partitions.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Returns true while the live commands of the subscription wait. Nearly always there is no hold at all. */
  isHeld(partition: number, subscriptionId: string): boolean {
    return this.#partitions.get(partition)?.has(subscriptionId) ?? false;
  }

  stateOf(partition: number, { subscriptionId, chain }: Name): HoldState | undefined {
    return this.#partitions.get(partition)?.get(subscriptionId)?.get(chain);
  }

  /** Returns the chains of the replays that end, and with them their holds. */
  ending(partition: number, subscriptionId: string): readonly number[] {
    const holds = this.#partitions.get(partition)?.get(subscriptionId) ?? new Map<number, HoldState>();
    return [...holds].filter(([, state]) => state === 'ending').map(([chain]) => chain);
  }

  set(partition: number, { subscriptionId, chain }: Name, state: HoldState): void {
    const subscriptions = this.#partitions.get(partition) ?? new Map<string, Map<number, HoldState>>();
    this.#partitions.set(partition, subscriptions);
    const holds = subscriptions.get(subscriptionId) ?? new Map<number, HoldState>();
    subscriptions.set(subscriptionId, holds.set(chain, state));
  }

  /** Ends a hold. Returns true if it was the last one of the subscription. */
  delete(partition: number, { subscriptionId, chain }: Name): boolean {
    const subscriptions = this.#partitions.get(partition);
    const holds = subscriptions?.get(subscriptionId);
    if (subscriptions === undefined || holds === undefined) return false;
    holds.delete(chain);
    if (holds.size > 0) return false;
    subscriptions.delete(subscriptionId);
    if (subscriptions.size === 0) this.#partitions.delete(partition);
    return true;
  }

  dropPartition(partition: number): void {
    this.#partitions.delete(partition);
  }
}
