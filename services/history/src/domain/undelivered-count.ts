import type { ConsumerId, SubscriptionId } from '@tidings/contracts';

/** The number of deliveries to one subscription that have not been delivered, for one reason. */
export type UndeliveredCount = Readonly<{
  subscriptionId: SubscriptionId;
  consumerId: ConsumerId | null;
  /** Waiting for the first attempt or for another one; or ended, without having been discarded. */
  status: 'pending' | 'retrying' | 'dead_lettered';
  /** The reason why they wait or ended; null if the next attempt is due by the retry schedule. */
  reason: string | null;
  /** Of the last attempt: why it failed, and the status of its response. */
  lastReason: string | null;
  lastStatusCode: number | null;
  count: number;
  /** Time when the first of their events was accepted; of dead letters, when the first was recorded. */
  oldestAtMs: number;
  /** Time when the first of their next attempts is due; null if none follows. */
  nextAttemptAtMs: number | null;
}>;
