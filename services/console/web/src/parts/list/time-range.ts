import { useMemo } from 'react';

/** The ranges of the filter `since`, which end now. */
export const timeRanges = ['15m', '1h', '24h', '7d'] as const;

/** One of {@link timeRanges}. */
export type TimeRange = (typeof timeRanges)[number];

const ms: Readonly<Record<TimeRange, number>> = {
  '15m': 15 * 60_000,
  '1h': 3_600_000,
  '24h': 24 * 3_600_000,
  '7d': 7 * 24 * 3_600_000,
};

/**
 * Returns the start of a range. It stays the same until the range changes: the pages of one list must have the same
 * filters.
 */
export const useRangeStart = (range: TimeRange | undefined): string | undefined =>
  useMemo(() => (range === undefined ? undefined : new Date(Date.now() - ms[range]).toISOString()), [range]);
