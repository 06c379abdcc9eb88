import { defineMetrics, latencyBuckets, type Metrics } from '@tidings/observability';

/**
 * Metrics of this package. `openBus` registers them for the process. For a bus of `connectKafka`, pass the result of
 * `createMetrics` to it; without it nothing is measured.
 */
export const kafkaMetrics = defineMetrics({
  sends: {
    type: 'counter',
    name: 'tidings_kafka_sends_total',
    help: 'Produce sends by outcome: ok, or failed and repeated.',
    action:
      'Failures for more than 15 s: check that all brokers are up and that partitions have enough in-sync replicas.',
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
    action:
      'Grows: brokers are slower than the service. Check the send duration and the disks of the brokers.',
    labels: [],
  },
  recoveringPartitions: {
    type: 'gauge',
    name: 'tidings_kafka_recovering_partitions',
    help: 'Partitions whose last send failed and is being repeated.',
    action: 'Above 0 for a minute: a partition has no leader or too few in-sync replicas.',
    labels: [],
  },
  pendingRecords: {
    type: 'gauge',
    name: 'tidings_kafka_pending_records',
    help: 'Records fetched by a consumer group of this process and not done.',
    labels: ['group'],
  },
  lagRecords: {
    type: 'gauge',
    name: 'tidings_kafka_lag_records',
    help: 'Records that a consumer group has not done, over the partitions of this process. On a rung of the ladder: all that wait there.',
    action:
      'Grows: records arrive faster than the service processes them. Add instances (up to one for each partition), or check what it waits for: MongoDB, endpoints, CPU.',
    labels: ['group'],
  },
  lagSeconds: {
    type: 'gauge',
    name: 'tidings_kafka_lag_seconds',
    help: 'Age of the oldest record that this process has fetched and not done; 0 when there is none. On a rung of the ladder: up to its delay.',
    action:
      'Above a minute (except on rungs): as for the lag in records. With few records, one of them is stuck: check the log.',
    labels: ['group'],
  },
  handedOver: {
    type: 'counter',
    name: 'tidings_kafka_handed_over_records_total',
    help: 'Records that a consumer group got from a producer of this process, without a fetch.',
    labels: ['group'],
  },
  commits: {
    type: 'counter',
    name: 'tidings_kafka_commits_total',
    help: 'Offset commits by outcome: ok, overtaken (superseded by a rebalance), or failed.',
    labels: ['group', 'outcome'],
  },
  rebalances: {
    type: 'counter',
    name: 'tidings_kafka_rebalances_total',
    help: 'Times that this process joined a generation of the group.',
    action: 'Rising steadily: instances miss heartbeats (too little CPU, or killed and restarted).',
    labels: ['group'],
  },
  restarts: {
    type: 'counter',
    name: 'tidings_kafka_restarts_total',
    help: 'Consumers replaced after a crash or without progress, and partitions restarted after a failed handler.',
    action:
      'With reason handler: a defect; find consumer.handler-failed in the log. Otherwise check the brokers.',
    labels: ['group', 'reason'],
  },
  tableSilence: {
    type: 'gauge',
    name: 'tidings_kafka_table_silence_seconds',
    help: 'Time since every partition of a topic that this process follows as a table was last read.',
    action:
      'Above 30 s: the services work with what they knew then. Check the brokers and the leaders of the topic.',
    labels: ['topic'],
  },
  poisonRecords: {
    type: 'counter',
    name: 'tidings_kafka_poison_records_total',
    help: 'Records that could not be decoded and went to dead-letters (or were skipped by a table).',
    action:
      'Any: another program writes records to the topic that Tidings cannot decode. Check the dead letters.',
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

/** Handles that record nothing. */
export const noMetrics: KafkaMetricHandles = {
  sends: nothing,
  sendRecords: nothing,
  sendDuration: nothing,
  bufferedRecords: nothing,
  recoveringPartitions: nothing,
  pendingRecords: nothing,
  lagRecords: nothing,
  lagSeconds: nothing,
  handedOver: nothing,
  commits: nothing,
  rebalances: nothing,
  restarts: nothing,
  tableSilence: nothing,
  poisonRecords: nothing,
};
