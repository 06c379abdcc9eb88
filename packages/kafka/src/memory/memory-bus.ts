import type { TopicDefinition } from '@tidings/contracts';
import { type Logger, silentLogger } from '@tidings/observability';
import { type Clock, systemClock } from '@tidings/runtime';
import {
  type Bus,
  type IncomingRecord,
  type PartitionRunner,
  partitionKey,
  type ReadRangeOptions,
  type ReadRecordsOptions,
  type RecordPosition,
  type Relay,
  type RelayOptions,
  type RunPartitionsOptions,
  type Table,
  type TableOptions,
  type TopicPartitionLag,
} from '../bus.ts';
import { createDeadLetterWriter } from '../consumer/dead-letter-writer.ts';
import { startRelay } from '../consumer/delay-relay.ts';
import { lagUntil } from '../consumer/lag.ts';
import { HandOver } from '../hand-over/hand-over.ts';
import { noMetrics } from '../metrics.ts';
import { TableView } from '../table/table-view.ts';
import { MemoryConsumerGroup } from './memory-consumer-group.ts';
import { endsOf, followLog } from './memory-follower.ts';
import { handOverStored } from './memory-hand-over.ts';
import { MemoryLog } from './memory-log.ts';
import { MemoryPartitionRunner } from './memory-partition-runner.ts';
import { MemoryProducer } from './memory-producer.ts';
import { Reachability } from './reachability.ts';

/** A {@link Bus} within one process, with additional inspection and control for tests. */
export type MemoryBus = Bus &
  Readonly<{
    /** Returns all records of a topic: partition after partition, each in offset order. */
    records(topic: TopicDefinition): readonly IncomingRecord[];
    /**
     * Returns a group's committed offsets by `topic partition`. May be set back, as if the commits since had been lost.
     */
    commits(group: string): Map<string, number>;
    /**
     * Sets reachability. While false, publishing waits (or ends with `unavailable` at its deadline) and tables go
     * stale.
     */
    setReachable(isReachable: boolean): void;
    /**
     * Opens the same log as another process: what is appended through one of them has to be fetched by the consumers of the
     * other. Closed with this one.
     */
    peer(): MemoryBus;
    /** Hands appended records to the consumers of this bus, as if its own producer had appended them. */
    handOver(positions: readonly RecordPosition[]): void;
    /** Makes the records of a partition before `before` unreadable by ranges and positions, as after their retention. */
    expire(topic: TopicDefinition, partition: number, before: bigint): void;
  }>;

/**
 * Options of the memory bus. With a fake `clock` timers (relays, deadlines, commits) wait for `advance`; records do
 * not.
 */
export type MemoryBusOptions = Readonly<{ clock?: Clock; logger?: Logger }>;

/**
 * Creates a bus with topics as arrays and groups as maps. Offsets, partitions by key, groups with rebalances, commits,
 * poison, tables and relays behave as over Kafka (one contract suite tests both); a topic exists from its first use,
 * with the partitions of its definition.
 */
export function createMemoryBus({
  clock = systemClock,
  logger = silentLogger,
}: MemoryBusOptions = {}): MemoryBus {
  const log = new MemoryLog();
  const groups = new Map<string, MemoryConsumerGroup>();
  return openMemoryBus({
    log,
    reachability: new Reachability(),
    groups,
    members: { count: 0 },
    clock,
    logger,
  });
}

type MemoryBrokers = Readonly<{
  log: MemoryLog;
  reachability: Reachability;
  groups: Map<string, MemoryConsumerGroup>;
  members: { count: number };
  clock: Clock;
  logger: Logger;
}>;

/** Opens the log as one process. */
function openMemoryBus(brokers: MemoryBrokers): MemoryBus {
  const { log, reachability, groups, members, clock, logger } = brokers;
  const open: Closable[] = [];
  const handOver = new HandOver();
  const onAppended = (positions: readonly RecordPosition[]) => handOverStored(handOver, log, positions);

  const opened = <C extends Closable>(part: C): C => {
    open.push(part);
    return part;
  };
  const groupOf = (name: string): MemoryConsumerGroup => {
    const group = groups.get(name) ?? new MemoryConsumerGroup(log);
    groups.set(name, group);
    return group;
  };
  const ownProducer = new MemoryProducer(log, reachability, { clock, onAppended });

  const runPartitions = async <T>(run: RunPartitionsOptions<T>): Promise<PartitionRunner> => {
    members.count += 1;
    const poison = createDeadLetterWriter({ group: run.group, clock, producer: () => ownProducer });
    const group = groupOf(run.group);
    const id = `member-${members.count}`;
    const shared = { groupOf, log, handOver, clock, logger, metrics: noMetrics };
    const runner = opened(new MemoryPartitionRunner({ id, group, run, poison, ...shared }));
    runner.start();
    return runner;
  };

  return {
    producer: async (options) =>
      opened(new MemoryProducer(log, reachability, { clock, onAppended, ...options })),
    runPartitions,
    table: async (table) => opened(openTable(table, { log, reachability, logger })),
    relay: async (relay: RelayOptions): Promise<Relay> =>
      opened(await startRelay({ relay, runPartitions, producer: ownProducer, clock, logger })),
    readRecords: async (options) => readRecords(options, log, reachability),
    ...readingOf(log, { opened, groupOf }),
    close: async (options) => {
      await closeAll(open, options);
      await ownProducer.close();
    },
    records: (topic) => log.partitionsOf(topic).flat(),
    commits: (group) => groupOf(group).commits,
    peer: () => opened(openMemoryBus(brokers)),
    handOver: onAppended,
    setReachable: (isReachable) => reachability.set(isReachable),
    expire: (topic, partition, before) => log.expire(topic, partition, before),
  };
}

type CloseOptions = Readonly<{ drainMs?: number }> | undefined;
type Closable = Readonly<{ close(options?: CloseOptions): Promise<void> }>;

async function closeAll(open: Closable[], options: CloseOptions): Promise<void> {
  for (let part = open.pop(); part !== undefined; part = open.pop()) await part.close(options);
}

type Reading = Pick<Bus, 'readRange' | 'follow' | 'ends' | 'lag' | 'members'>;
type ReadingParts = Readonly<{
  opened: <C extends Closable>(part: C) => C;
  groupOf: (name: string) => MemoryConsumerGroup;
}>;

const readingOf = (log: MemoryLog, { opened, groupOf }: ReadingParts): Reading => ({
  readRange: async (options) => readRange(options, log),
  follow: async (options) => opened(followLog(options, log)),
  ends: async (topics) => endsOf(topics, log),
  lag: async (group, topics, { writtenBeforeMs = Infinity } = {}) =>
    topics.flatMap((topic) => lagOf({ topic, group: groupOf(group), log, writtenBeforeMs })),
  members: async (group) => groupOf(group).size,
});

type TableParts = Readonly<{ log: MemoryLog; reachability: Reachability; logger: Logger }>;

function openTable<V>(table: TableOptions<V>, { log, reachability, logger }: TableParts): Table<V> {
  const view = new TableView({ table, logger, metrics: noMetrics });
  const positions = log.partitionsOf(table.topic).map(() => 0);
  const read = () => {
    log.partitionsOf(table.topic).forEach((records, partition) => {
      const from = positions[partition] ?? 0;
      positions[partition] = records.length;
      for (const record of records.slice(from)) view.apply(record);
    });
  };
  const remove = log.onAppend(table.topic, read);
  read();
  return {
    get: (key) => view.get(key),
    values: () => view.values(),
    size: () => view.size,
    ready: async () => {},
    isStale: () => !reachability.isReachable,
    close: async () => remove(),
  };
}

async function readRange(options: ReadRangeOptions, log: MemoryLog): Promise<void> {
  const { topic, partitions, from, until, onRecord } = options;
  for (const partition of partitions) {
    const records = log.partitionsOf(topic)[partition] ?? [];
    const end = until?.get(partition) ?? BigInt(records.length);
    const first = log.firstOffset(topic, partition);
    for (const record of records.slice()) {
      if (record.offset < first) continue;
      const isInRange =
        'offsets' in from
          ? record.offset >= (from.offsets.get(partition) ?? 0n)
          : record.timestampMs >= from.timestampMs;
      if (isInRange && record.offset < end) onRecord(record);
    }
  }
}

async function readRecords(
  { topic, positions }: ReadRecordsOptions,
  log: MemoryLog,
  reachability: Reachability,
): Promise<readonly (IncomingRecord | null)[]> {
  reachability.require();
  return positions.map(({ partition, offset }) => log.recordAt(topic, partition, offset));
}

type LagQuery = Readonly<{
  topic: TopicDefinition;
  group: MemoryConsumerGroup;
  log: MemoryLog;
  writtenBeforeMs: number;
}>;

function lagOf({ topic, group, log, writtenBeforeMs }: LagQuery): TopicPartitionLag[] {
  return log.partitionsOf(topic).map((records, partition) => {
    const ref = { topic: topic.name, partition };
    const committedOffset = BigInt(group.commits.get(partitionKey(ref)) ?? 0);
    const highOffset = BigInt(records.length);
    const lag = { ...ref, committedOffset, highOffset, lagRecords: highOffset - committedOffset };
    const later = records.find(({ timestampMs }) => timestampMs >= writtenBeforeMs);
    return lagUntil(lag, later?.offset ?? highOffset);
  });
}
