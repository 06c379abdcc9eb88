import { httpSettings } from '@tidings/http';
import { kafkaSettings } from '@tidings/kafka';
import { storageSettings } from '@tidings/object-storage';
import { duration, integer } from '@tidings/runtime';

/** Settings for operators. */
export const configSpec = {
  ...httpSettings('FANOUT'),
  ...kafkaSettings,
  dedupeWindowMs: duration({
    env: 'FANOUT_DEDUPE_WINDOW',
    default: 600_000,
    max: 86_400_000,
    help: 'how long the same event id is a repeat, by the time of the records',
  }),
  dedupeMaxRecords: integer({
    env: 'FANOUT_DEDUPE_MAX_RECORDS',
    default: 200_000,
    min: 1_000,
    max: 4_000_000,
    help: 'maximum number of events in the deduplication window of a partition (48 bytes each)',
  }),
  maxPendingPerPartition: integer({
    env: 'FANOUT_MAX_PENDING_PER_PARTITION',
    default: 1_000,
    min: 10,
    max: 100_000,
    help: 'events of one partition that may be in progress before the partition is paused',
  }),
  replayPerSecond: integer({
    env: 'FANOUT_REPLAY_RATE',
    default: 400,
    min: 1,
    max: 100_000,
    help: 'webhooks a second that all replays of an instance request together; more delays live events',
  }),
  lingerMs: duration({
    env: 'FANOUT_GATHER',
    default: 8,
    min: 0,
    max: 1_000,
    help: 'minimum time between two fetches of events from other processes; what arrives in between is fetched together',
  }),
  ...storageSettings,
} as const;

/**
 * The deduplication window of a partition for events of sources: as long as a provider repeats a webhook, and at most 6.3
 * MB (48 bytes for each of 131,072). Beyond it the oldest are forgotten first.
 */
export const receivedBounds = { windowMs: 3 * 86_400_000, maxRecords: 100_000 } as const;
