import type { EventAccepted } from '@tidings/contracts';

/** One event as it lies in its partition. */
export type LoggedEvent = Readonly<{ event: EventAccepted; offset: number; timestampMs: number }>;

/** A stretch of one partition of the log: from `fromOffset`, or from the first record at `fromMs`, up to `untilOffset`. */
export type LogRange = Readonly<{
  partition: number;
  from: Readonly<{ offset: bigint }> | Readonly<{ timestampMs: number }>;
  untilOffset: bigint;
}>;

/** The events topic as a log to look things up in. Nothing is committed. */
export type EventLog = Readonly<{
  /** Reads a stretch once, in order; records that are no events are left out. */
  read(range: LogRange, onEvent: (event: LoggedEvent) => void): Promise<void>;
  /** Time of the newest of the few records in `[fromOffset, untilOffset)`; undefined when none of them is left. */
  timeWithin(
    range: Readonly<{ partition: number; fromOffset: bigint; untilOffset: bigint }>,
  ): Promise<number | undefined>;
}>;
