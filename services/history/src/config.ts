import { accessSettings } from '@tidings/access';
import { consumerGroups } from '@tidings/contracts';
import { httpSettings, rateLimitSetting } from '@tidings/http';
import { kafkaSettings } from '@tidings/kafka';
import { mongodbSettings } from '@tidings/mongodb';
import { storageSettings } from '@tidings/object-storage';
import { duration, integer, sharedSettings, text } from '@tidings/runtime';

/** The settings of this service. */
export const configSpec = {
  ...httpSettings('HISTORY'),
  ...accessSettings,
  requestsPerSecond: rateLimitSetting('HISTORY', 100),
  ...kafkaSettings,
  ...mongodbSettings,
  sealingKeys: sharedSettings.sealingKeys,
  ...storageSettings,
  database: text({
    env: 'HISTORY_DATABASE',
    default: 'tidings_history',
    pattern: /^[A-Za-z0-9_-]{1,38}$/,
    help: 'the database of the read model; this service alone writes it',
  }),
  group: text({
    env: 'HISTORY_GROUP',
    default: consumerGroups.history,
    pattern: /^[A-Za-z0-9._-]{1,200}$/,
    help: 'the consumer group; a new one reads all topics again, so give it a new database',
  }),
  batchRecords: integer({
    env: 'HISTORY_BATCH_RECORDS',
    default: 1_000,
    min: 1,
    max: 10_000,
    help: 'maximum number of attempts in one write to MongoDB',
  }),
  batchIntervalMs: duration({
    env: 'HISTORY_BATCH_INTERVAL',
    default: 250,
    max: 10_000,
    help: 'time between two writes to MongoDB, unless half a batch waits',
  }),
  maxPendingPerPartition: integer({
    env: 'HISTORY_MAX_PENDING_PER_PARTITION',
    default: 2_000,
    min: 10,
    max: 100_000,
    help: 'attempts of one partition that may wait for MongoDB before the partition is paused',
  }),
  retentionMs: duration({
    env: 'HISTORY_RETENTION',
    default: 30 * 86_400_000,
    min: 60_000,
    help: 'how long an event and its deliveries can be read, from the time it was accepted; a workspace may have a setting of its own',
  }),
  deadLetterRetentionMs: duration({
    env: 'HISTORY_DEAD_LETTER_RETENTION',
    default: 30 * 86_400_000,
    min: 60_000,
    help: 'how long a dead letter can be read and redriven, from the time it was recorded; a workspace may have a setting of its own, and the topic keeps it for 30 days',
  }),
  redriveRate: integer({
    env: 'HISTORY_REDRIVE_RATE',
    default: 100,
    min: 1,
    max: 10_000,
    help: 'dead letters or deliveries a second that a job sends again, and webhooks a second that a replay sends to one endpoint, unless the request sets another rate',
  }),
  maxRedriveRate: integer({
    env: 'HISTORY_MAX_REDRIVE_RATE',
    default: 1_000,
    min: 1,
    max: 10_000,
    help: 'maximum rate that a request can set',
  }),
  maxStreams: integer({
    env: 'HISTORY_MAX_STREAMS',
    default: 2_000,
    min: 1,
    max: 8_000,
    help: 'maximum number of open streams of this process; one key or consumer may have a quarter of them',
  }),
  sweepIntervalMs: duration({
    env: 'HISTORY_SWEEP_INTERVAL',
    default: 3_600_000,
    min: 1_000,
    help: 'how often what has expired is removed',
  }),
} as const;
