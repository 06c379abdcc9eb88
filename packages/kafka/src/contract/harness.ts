import type { TopicDefinition } from '@tidings/contracts';
import type { Bus, IncomingRecord, OutgoingRecord, RunPartitionsOptions, WorkItem } from '../bus.ts';

/** A bus under test and its environment. Each test opens its own. */
export type BusHarness = Readonly<{
  bus: Bus;
  /** Opens the same log as another process sees it. Closed with the harness. */
  peer: () => Promise<Bus>;
  /** Opens a bus whose brokers do not respond. Closed with the harness. */
  unreachable: () => Promise<Bus>;
  /** Creates a topic for one test alone. */
  topic: (
    options?: Readonly<{ partitions?: number; kind?: TopicDefinition['kind'] }>,
  ) => Promise<TopicDefinition>;
  /** Removes the records of a partition before `before`, as when their retention has passed. */
  expire: (topic: TopicDefinition, partition: number, before: bigint) => Promise<void>;
  close: () => Promise<void>;
}>;

export type OpenHarness = () => Promise<BusHarness>;

let names = 0;

/** Returns a name that no other test, in this or another process, uses. */
export const freshName = (what: string): string => {
  names += 1;
  return `${what}-${process.pid}-${Date.now()}-${names}`;
};

/** Returns a record with a number as its text. */
export const numbered = (
  topic: TopicDefinition,
  number: number,
  place: Readonly<{ key?: string; partition?: number }> = {},
): OutgoingRecord => ({ topic, key: null, value: Buffer.from(String(number)), ...place });

export const textOf = (record: IncomingRecord): string => record.value?.toString() ?? '';

export const numberOf = (record: IncomingRecord): number => Number(textOf(record));

/** Returns 0, 1, … `count` − 1. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/** Timeout for `vi.waitFor`: long enough for a group to lose a group member and rebalance. */
export const longTimeout = { timeout: 30_000, interval: 20 };

/** Reads all current records of a topic. */
export async function readAll(bus: Bus, topic: TopicDefinition): Promise<IncomingRecord[]> {
  const records: IncomingRecord[] = [];
  const partitions = upTo(topic.partitions);
  const onRecord = (record: IncomingRecord) => void records.push(record);
  await bus.readRange({ topic, partitions, from: { offsets: new Map() }, service: 'contract', onRecord });
  return records;
}

type Handlers = Pick<RunPartitionsOptions<number>, 'decode' | 'onBatch'>;

/** Returns a handler that finishes each number immediately. */
export const finishing = (seen: number[]): Handlers => ({
  decode: numberOf,
  onBatch: ({ items }) => {
    for (const item of items) {
      seen.push(item.message);
      item.done();
    }
  },
});

/** Returns a handler that keeps its items. */
export const keeping = (kept: WorkItem<number>[]): Handlers => ({
  decode: numberOf,
  onBatch: ({ items }) => void kept.push(...items),
});

export const messagesOf = (items: readonly WorkItem<number>[]): number[] =>
  items.map(({ message }) => message);
