import type { EventAccepted, EventReceived } from '@tidings/contracts';

/** One event with its position in the log. */
export type LoggedEvent = Readonly<{
  event: EventAccepted;
  offset: number;
  timestampMs: number;
  /** Set if its data, which are in the object storage, cannot be evaluated by filters. */
  dataFault?: string;
}>;

/** A range of one partition: from `fromOffset`, or from the first record at `fromMs`, up to `untilOffset`. */
export type LogRange = Readonly<{
  partition: number;
  from: Readonly<{ offset: bigint }> | Readonly<{ timestampMs: number }>;
  untilOffset: bigint;
}>;

/** The events topic as a readable log. Nothing is committed. */
export type EventLog = Readonly<{
  /** Reads a range once, in order, and skips records that are no events. */
  read(range: LogRange, onEvent: (event: LoggedEvent) => void): Promise<void>;
  /** Returns the time of the newest of the few records in `[fromOffset, untilOffset)`; undefined when none is left. */
  timeWithin(
    range: Readonly<{ partition: number; fromOffset: bigint; untilOffset: bigint }>,
  ): Promise<number | undefined>;
}>;

/** The topic of the ids of events of sources, partitioned like the events. */
export type ReceivedIds = Readonly<{
  /** Reads the newest records of a partition, at most `limit`, in order; skips what is none. */
  readNewest(partition: number, limit: number, onId: (fact: EventReceived) => void): Promise<void>;
}>;
