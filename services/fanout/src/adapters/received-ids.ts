import { DecodeError, decodeEventReceived, type EventReceived, topics } from '@tidings/contracts';
import type { Bus, IncomingRecord } from '@tidings/kafka';
import { AppError } from '@tidings/runtime';
import type { ReceivedIds } from '../ports.ts';

const decodable = (record: IncomingRecord): EventReceived | undefined => {
  try {
    return decodeEventReceived(record);
  } catch (error) {
    // Of a foreign producer.
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
};

/**
 * Checks that the topic of ids has a partition for each of the events topic, into which their ids are written. Throws
 * AppError `config-invalid`.
 */
export async function assertIdPartitions(bus: Pick<Bus, 'ends'>): Promise<void> {
  const { events, receivedIds } = topics;
  const ends = await bus.ends([events, receivedIds]);
  const countOf = ({ name }: typeof events): number => ends.filter(({ topic }) => topic === name).length;
  const [wanted, found] = [countOf(events), countOf(receivedIds)];
  if (found >= wanted) return;
  const message = `${receivedIds.name} has ${found} partitions, and ${events.name} has ${wanted}: add partitions until it has as many, then start again`;
  throw new AppError({ code: 'config-invalid', message });
}

/** Creates a reader of the ids of events of sources. Without any it costs a look at the ends of the topic. */
export const createReceivedIds = (bus: Pick<Bus, 'ends' | 'readRange'>): ReceivedIds => ({
  readNewest: async (partition, limit, onId) => {
    const topic = topics.receivedIds;
    const all = await bus.ends([topic]);
    const ends = all.find((one) => one.topic === topic.name && one.partition === partition);
    if (ends === undefined || ends.highOffset <= ends.lowOffset) return;
    const newest = ends.highOffset - BigInt(limit);
    await bus.readRange({
      ...{ topic, service: 'fanout', partitions: [partition] },
      from: { offsets: new Map([[partition, newest > ends.lowOffset ? newest : ends.lowOffset]]) },
      until: new Map([[partition, ends.highOffset]]),
      onRecord: (record) => {
        const fact = decodable(record);
        if (fact !== undefined) onId(fact);
      },
    });
  },
});
