export type {
  Assignment,
  Bus,
  IncomingRecord,
  OutgoingRecord,
  PartitionRef,
  PartitionRunner,
  Producer,
  PublishOptions,
  ReadTailOptions,
  RecordPosition,
  Relay,
  RelayOptions,
  RunPartitionsOptions,
  Table,
  TableOptions,
  TopicPartitionLag,
  WorkBatch,
  WorkerState,
  WorkItem,
} from './bus.ts';
export { type EnsureTopicsOptions, type EnsureTopicsReport, ensureTopics } from './ensure-topics.ts';
export { type ConnectKafkaOptions, connectKafka } from './kafka-bus.ts';
export { createMemoryBus, type MemoryBus, type MemoryBusOptions } from './memory-bus.ts';
export { type KafkaMetricHandles, kafkaMetrics } from './metrics.ts';
export { maxRecordBytes } from './outgoing-record.ts';
export { partitionForKey } from './partitioner.ts';
export { complaintOf, type Watched, watchWorkers } from './watch-workers.ts';
