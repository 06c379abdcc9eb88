import { topics } from '@tidings/contracts';
import { type Bus, openSubscriptionTable, type Table } from '@tidings/kafka';
import type { EventLogStart, ReplayedSubscription } from '../ports.ts';

// It never commits anything of the events, so its position is the first record that is left.
const group = 'tidings-replays';

/** Creates the reader of the beginning of the events topic. */
export const createEventLogStart = (bus: Pick<Bus, 'lag' | 'readRecords'>): EventLogStart => {
  const firsts = async () => bus.lag(group, [topics.events]);
  return {
    firstOffsets: async () =>
      new Map((await firsts()).map(({ partition, committedOffset }) => [partition, Number(committedOffset)])),
    completeFromMs: async () => {
      const cut = (await firsts()).filter(
        ({ committedOffset, highOffset }) => committedOffset > 0n && committedOffset < highOffset,
      );
      const positions = cut.map(({ partition, committedOffset }) => ({ partition, offset: committedOffset }));
      const records = await bus.readRecords({ topic: topics.events, positions });
      const times = records.flatMap((record) => (record === null ? [] : [record.timestampMs]));
      return times.length === 0 ? null : Math.max(...times);
    },
  };
};

/** Opens the table of subscriptions, reduced to the required fields. */
export const openReplayedSubscriptions = async (
  bus: Pick<Bus, 'table'>,
): Promise<Table<ReplayedSubscription>> =>
  openSubscriptionTable<ReplayedSubscription>(bus, {
    service: 'history',
    select: ({ id, workspaceId, consumerId, state }) => ({ id, workspaceId, consumerId, state }),
    onChange: () => {},
  });
