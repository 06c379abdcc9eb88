import type { TopicDefinition } from '@tidings/contracts';
import type { Bus, IncomingRecord, OutgoingRecord, RunPartitionsOptions } from '../bus.ts';

/** A bus under test and what a test needs around it. Each test opens its own. */
export type BusHarness = Readonly<{
  bus: Bus;
  /** The same log as another process sees it. Closed with the harness. */
  peer: () => Promise<Bus>;
  /** A bus whose brokers do not answer. Closed with the harness. */
  unreachable: () => Promise<Bus>;
  /** A topic that nobody else uses. */
  topic: (
    options?: Readonly<{ partitions?: number; kind?: TopicDefinition['kind'] }>,
  ) => Promise<TopicDefinition>;
  close: () => Promise<void>;
}>;

export type OpenHarness = () => Promise<BusHarness>;

let names = 0;

/** A name that no other test, in this or another process, uses. */
export const freshName = (what: string): string => {
  names += 1;
  return `${what}-${process.pid}-${Date.now()}-${names}`;
};

/** A record with a number as its text. */
export const numbered = (
  topic: TopicDefinition,
  number: number,
  place: Readonly<{ key?: string; partition?: number }> = {},
): OutgoingRecord => ({ topic, key: null, value: Buffer.from(String(number)), ...place });

export const textOf = (record: IncomingRecord): string => record.value?.toString() ?? '';

export const numberOf = (record: IncomingRecord): number => Number(textOf(record));

/** 0, 1, … `count` − 1. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/** For `vi.waitFor`: long enough for a group to lose a member and find together again. */
export const longTimeout = { timeout: 30_000, interval: 20 };

/** Everything that lies in a topic now. */
export async function readAll(bus: Bus, topic: TopicDefinition): Promise<IncomingRecord[]> {
  const records: IncomingRecord[] = [];
  const partitions = upTo(topic.partitions);
  const onRecord = (record: IncomingRecord) => void records.push(record);
  await bus.readRange({ topic, partitions, from: { offsets: new Map() }, service: 'contract', onRecord });
  return records;
}

/** A handler that is done with each number as it comes. */
export const finishing = (seen: number[]): Pick<RunPartitionsOptions<number>, 'decode' | 'onBatch'> => ({
  decode: numberOf,
  onBatch: ({ items }) => {
    for (const item of items) {
      seen.push(item.message);
      item.done();
    }
  },
});
