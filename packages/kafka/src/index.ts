export { countBrokers } from './admin/count-brokers.ts';
export { type EnsureTopicsOptions, type EnsureTopicsReport, ensureTopics } from './admin/ensure-topics.ts';
export { type GrantRightsOptions, grantRights } from './admin/grant-rights.ts';
export type {
  Assignment,
  Bus,
  Completion,
  Follower,
  FollowOptions,
  IncomingRecord,
  LogEnds,
  OutgoingRecord,
  PartitionRef,
  PartitionRunner,
  Producer,
  PublishOptions,
  ReadRangeOptions,
  ReadRecordsOptions,
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
export { partitionKey } from './bus.ts';
export { isClosed, isTransient } from './client/errors.ts';
export { toDeadLetter } from './consumer/dead-letter-writer.ts';
export { type GrownTopics, type GrowTopicsOptions, growTopics, growthState } from './growth/grow-topics.ts';
export { type Growth, type GrowthPlan, type GrowthState, planGrowth } from './growth/plan-growth.ts';
export { type ConnectKafkaOptions, connectKafka } from './kafka-bus.ts';
export { type KafkaMetricHandles, kafkaMetrics } from './metrics.ts';
export { type BusContext, openBus, openProducer } from './open-bus.ts';
export { partitionForKey } from './producer/partitioner.ts';
export { maxRecordBytes, measureRecord } from './producer/record-size.ts';
export { type ClientSecurity, openSecurity } from './security/client-security.ts';
export {
  type KafkaSasl,
  type KafkaSecurity,
  type KafkaTls,
  saslMechanisms,
} from './security/kafka-security.ts';
export { type KafkaConfig, kafkaSettings, securityOf } from './security/settings.ts';
export { type Erasures, openErasures } from './table/erasure-table.ts';
export { openSubscriptionTable, type SubscriptionTableOptions } from './table/subscription-table.ts';
export { problemOf, type WatchedPart, watchWorkers } from './worker-health.ts';
