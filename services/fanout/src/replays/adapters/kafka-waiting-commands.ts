import {
  consumerGroups,
  type DeliveryId,
  type DeliveryState,
  decodeDelivery,
  ladder,
  topics,
} from '@tidings/contracts';
import type { Bus, IncomingRecord, TopicPartitionLag } from '@tidings/kafka';
import { coversCommand, type ReplayOrder } from '../domain/replay-scope.ts';
import { WaitingDeliveries } from '../domain/waiting-deliveries.ts';
import { ignoringPoison } from './ignoring-poison.ts';

type WaitingBus = Pick<Bus, 'readRange' | 'lag'>;

const service = 'fanout-replay';

type Positions = readonly Pick<TopicPartitionLag, 'partition' | 'committedOffset'>[];

const reading = (positions: Positions) => ({
  partitions: positions.map(({ partition }) => partition),
  from: { offsets: new Map(positions.map(({ partition, committedOffset }) => [partition, committedOffset])) },
  service,
});

/** Returns how far delivery has processed its commands. */
export const deliveryPositions = async (bus: WaitingBus): Promise<Positions> =>
  bus.lag(consumerGroups.delivery, [topics.deliveries]);

/** Reads the commands after these positions. */
export const readCommands = async (
  bus: WaitingBus,
  positions: Positions,
  onCommand: (state: DeliveryState) => void,
): Promise<void> =>
  bus.readRange({
    topic: topics.deliveries,
    ...reading(positions),
    onRecord: ignoringPoison((record) => onCommand(decodeDelivery(record).state)),
  });

/** Returns the deliveries that are in an ordered queue. `isWanted` is asked with each version of an entry. */
export const readQueued = async (
  bus: WaitingBus,
  partitions: readonly number[],
  isWanted: (id: string, entry: IncomingRecord) => boolean,
): Promise<readonly DeliveryId[]> => {
  const entries = new Map<string, DeliveryId>();
  await bus.readRange({
    topic: topics.orderingChangelog,
    partitions,
    from: { offsets: new Map() },
    onRecord: ignoringPoison((record) => {
      const { key, value } = record;
      if (key === null) return;
      const id = key.split('/')[1] ?? '';
      if (value === null) entries.delete(key);
      else if (isWanted(id, record)) entries.set(key, id as DeliveryId);
    }),
    service,
  });
  return [...new Set(entries.values())];
};

/**
 * Finds the deliveries within the scope of a replay of which a command may wait. A command is always in one of these
 * topics, and it is written to the next one before its record in the last one is done. The positions of all are taken
 * first, so none is missed on its way: a chain that exists when they are taken is found.
 */
export const readWaitingDeliveries = async (
  bus: WaitingBus,
  eventGroup: string,
  order: ReplayOrder,
): Promise<WaitingDeliveries> => {
  const rungs = await Promise.all(
    ladder.map(async ({ topic }) => ({ topic, positions: await bus.lag(consumerGroups.retry, [topic]) })),
  );
  const commands = await deliveryPositions(bus);
  const fannedOut = await bus.lag(eventGroup, [topics.events]);
  const waiting = new WaitingDeliveries(
    new Map(fannedOut.map(({ partition, committedOffset }) => [partition, Number(committedOffset)])),
  );
  const add = (state: DeliveryState): void => {
    if (coversCommand(order, state)) waiting.add(state.deliveryId);
  };
  await readCommands(bus, commands, add);
  for (const { topic, positions } of rungs) {
    await bus.readRange({
      topic,
      ...reading(positions),
      onRecord: ignoringPoison((record) => add(decodeDelivery(record).state)),
    });
  }
  const isCovered = (_: string, entry: IncomingRecord): boolean =>
    coversCommand(order, decodeDelivery(entry).state);
  const partitions = commands.map(({ partition }) => partition);
  for (const id of await readQueued(bus, partitions, isCovered)) waiting.add(id);
  return waiting;
};
