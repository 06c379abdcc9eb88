import { consumerGroups, topics } from '@tidings/contracts';
import { type Bus, openSubscriptionTable, type Table, type TopicPartitionLag } from '@tidings/kafka';
import type { EventLogStart, ReplayedSubscription } from '../ports.ts';

// It never commits anything of the events, so its position is the first record that is left.
const group = consumerGroups.replays;

/** Creates the reader of the beginning of the events topic. */
export const createEventLogStart = (bus: Pick<Bus, 'lag' | 'readRecords'>): EventLogStart => {
  const firsts = async () => bus.lag(group, [topics.events]);
  const timesAt = async (offsets: ReadonlyMap<number, bigint>): Promise<ReadonlyMap<number, number>> => {
    const positions = [...offsets].map(([partition, offset]) => ({ partition, offset }));
    const records = await bus.readRecords({ topic: topics.events, positions });
    return new Map(
      records.flatMap((record) => (record === null ? [] : [[record.partition, record.timestampMs] as const])),
    );
  };
  const firstTimes = async (isWanted: (first: TopicPartitionLag) => boolean): Promise<readonly number[]> => {
    const wanted = (await firsts()).filter(
      (first) => first.committedOffset < first.highOffset && isWanted(first),
    );
    const times = await timesAt(
      new Map(wanted.map(({ partition, committedOffset }) => [partition, committedOffset])),
    );
    return [...times.values()];
  };
  return {
    firstOffsets: async () =>
      new Map((await firsts()).map(({ partition, committedOffset }) => [partition, Number(committedOffset)])),
    completeFromMs: async () => {
      const times = await firstTimes(({ committedOffset }) => committedOffset > 0n);
      return times.length === 0 ? null : Math.max(...times);
    },
    oldestMs: async () => {
      const times = await firstTimes(() => true);
      return times.length === 0 ? null : Math.min(...times);
    },
    timesAt: async (offsets) =>
      timesAt(new Map([...offsets].map(([partition, offset]) => [partition, BigInt(offset)]))),
  };
};

/** Opens the table of subscriptions, reduced to the required fields. */
export const openReplayedSubscriptions = async (
  bus: Pick<Bus, 'table'>,
): Promise<Table<ReplayedSubscription>> =>
  openSubscriptionTable<ReplayedSubscription>(bus, {
    service: 'history',
    select: ({ id, workspaceId, consumerId, state, ordering }) => ({
      id,
      workspaceId,
      consumerId,
      state,
      ordering,
    }),
    onChange: () => {},
  });
