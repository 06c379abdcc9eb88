import { defineMetrics, latencyBuckets, type Metrics } from '@tidings/observability';

/**
 * What this package measures. Give it to `createMetrics` with the service's own registry and hand the result to
 * `connectKafka`; without it nothing is measured.
 */
export const kafkaMetrics = defineMetrics({
  sends: {
    type: 'counter',
    name: 'tidings_kafka_sends_total',
    help: 'Produce sends by outcome: ok, or failed and repeated.',
    labels: ['outcome'],
  },
  sendRecords: {
    type: 'histogram',
    name: 'tidings_kafka_send_records',
    help: 'Records in one produce send.',
    labels: [],
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500],
  },
  sendDuration: {
    type: 'histogram',
    name: 'tidings_kafka_send_duration_seconds',
    help: 'One produce send until all in-sync replicas had it.',
    labels: [],
    buckets: latencyBuckets,
  },
  bufferedRecords: {
    type: 'gauge',
    name: 'tidings_kafka_buffered_records',
    help: 'Records accepted by producers and not yet acknowledged.',
    labels: [],
  },
  recoveringPartitions: {
    type: 'gauge',
    name: 'tidings_kafka_recovering_partitions',
    help: 'Partitions whose last send failed and is being repeated.',
    labels: [],
  },
  pendingRecords: {
    type: 'gauge',
    name: 'tidings_kafka_pending_records',
    help: 'Records fetched by a consumer group of this process and not done.',
    labels: ['group'],
  },
  commits: {
    type: 'counter',
    name: 'tidings_kafka_commits_total',
    help: 'Offset commits by outcome: ok, overtaken by a rebalance, or failed.',
    labels: ['group', 'outcome'],
  },
  rebalances: {
    type: 'counter',
    name: 'tidings_kafka_rebalances_total',
    help: 'Times that this process joined a generation of the group.',
    labels: ['group'],
  },
  restarts: {
    type: 'counter',
    name: 'tidings_kafka_restarts_total',
    help: 'Consumers replaced after a crash or without progress, and partitions restarted after a failed handler.',
    labels: ['group', 'reason'],
  },
  poisonRecords: {
    type: 'counter',
    name: 'tidings_kafka_poison_records_total',
    help: 'Records that could not be decoded and went to dead-letters (or were skipped by a table).',
    labels: ['topic'],
  },
});

/** Live handles of {@link kafkaMetrics}. */
export type KafkaMetricHandles = Metrics<typeof kafkaMetrics>['handles'];

const nothing = {
  inc: () => {},
  dec: () => {},
  set: () => {},
  observe: () => {},
  reset: () => {},
  collect: () => {},
};

/** Handles that measure nothing. */
export const noMetrics: KafkaMetricHandles = {
  sends: nothing,
  sendRecords: nothing,
  sendDuration: nothing,
  bufferedRecords: nothing,
  recoveringPartitions: nothing,
  pendingRecords: nothing,
  commits: nothing,
  rebalances: nothing,
  restarts: nothing,
  poisonRecords: nothing,
};
