import type { EventAccepted } from '@tidings/contracts';

/** One event as it lies in its partition. */
export type LoggedEvent = Readonly<{ event: EventAccepted; offset: number; timestampMs: number }>;

/** A stretch of one partition of the log: from `fromOffset`, or from the first record at `fromMs`, up to `untilOffset`. */
export type Stretch = Readonly<{
  partition: number;
  from: Readonly<{ offset: bigint }> | Readonly<{ timestampMs: number }>;
  untilOffset: bigint;
}>;

/** Reads a stretch of the events topic once; records that are no events are left out. */
export type ReadLog = (stretch: Stretch, onEvent: (event: LoggedEvent) => void) => Promise<void>;
