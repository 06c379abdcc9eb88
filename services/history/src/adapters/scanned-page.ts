import type { Reply } from '@tidings/http';

/** The description of `scanned_to` in a page. `filters`: those that no index serves. */
export const scannedToSchema = (filters: string) =>
  ({
    type: ['string', 'null'],
    format: 'date-time',
    description: `Null but for a page that ended before it was full: with ${filters}, a request reads for 3 seconds at most. All that match and are newer than this time are on this page or those before it, and \`next_cursor\` continues.`,
  }) as const;

/** Adds to the reply of a page how far the list was read; null: as far as it was asked for. */
export const withScannedTo = (reply: Reply, scannedToMs: number | null): Reply => ({
  ...reply,
  body: { ...reply.body, scanned_to: scannedToMs === null ? null : new Date(scannedToMs).toISOString() },
});
