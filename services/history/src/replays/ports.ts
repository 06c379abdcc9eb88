import type { SubscriptionRecord } from '@tidings/contracts';

/** A subscription as replays need it. */
export type ReplayedSubscription = Pick<
  SubscriptionRecord,
  'id' | 'workspaceId' | 'consumerId' | 'state' | 'ordering'
>;

/** The subscriptions by id. `isReady` is false until all existing ones are known. */
export type ReplayedSubscriptions = Readonly<{
  isReady: () => boolean;
  get: (id: string) => ReplayedSubscription | undefined;
}>;

/** The beginning of the events topic. */
export type EventLogStart = Readonly<{
  /** Returns the first offset that each partition still has. */
  firstOffsets(): Promise<ReadonlyMap<number, number>>;
  /**
   * Returns the accepted time from which on the log has every event; null if nothing was removed from it yet. A partition
   * from which everything was removed does not count.
   */
  completeFromMs(): Promise<number | null>;
  /** Returns the accepted time of the oldest event that is left in one of the partitions; null if there is none. */
  oldestMs(): Promise<number | null>;
  /** Returns the accepted times of the events at these offsets, by partition; none where there is no event. */
  timesAt(offsets: ReadonlyMap<number, number>): Promise<ReadonlyMap<number, number>>;
}>;
