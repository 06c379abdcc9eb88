import { consumerGroups, type TopicDefinition, topics } from '@tidings/contracts';
import type { Logger } from '@tidings/observability';
import { addPartitions, countPartitionsOfAll } from '../admin/add-partitions.ts';
import type { Bus, IncomingRecord } from '../bus.ts';
import { partitionForKey } from '../producer/partitioner.ts';
import type { ClientSecurity } from '../security/client-security.ts';
import { type Growth, type GrowthPlan, type GrowthState, planGrowth } from './plan-growth.ts';

/** The bus to the brokers, and what is told of the progress. */
export type GrowTopicsOptions = Readonly<{
  bus: Bus;
  brokers: readonly string[];
  security?: ClientSecurity;
  logger: Logger;
  /** Is told each step, in one line. */
  onProgress: (line: string) => void;
}>;

/** The plan, and the records that were written again in the partitions that are now those of their keys. */
export type GrownTopics = GrowthPlan & Readonly<{ moved: number }>;

const service = 'delivery';

/** Returns the state on which {@link planGrowth} decides. Rejects with AppError `unavailable`. */
export async function growthState(options: GrowTopicsOptions): Promise<GrowthState> {
  const { bus } = options;
  const sum = async (group: string, topic: TopicDefinition): Promise<number> =>
    (await bus.lag(group, [topic])).reduce((total, { lagRecords }) => total + Number(lagRecords), 0);
  const members = new Map<string, number>();
  for (const group of Object.values(consumerGroups)) members.set(group, await bus.members(group));
  const held = await latest(bus, topics.orderingChangelog);
  return {
    partitions: await countPartitionsOfAll(options),
    members,
    waiting: {
      events: await sum(consumerGroups.fanout, topics.events),
      deliveries: await sum(consumerGroups.delivery, topics.deliveries),
    },
    held: held.length,
  };
}

/**
 * Adds partitions to topics, unless the plan has refusals. What delivery remembers of superseded commands is written again
 * in the partitions where it will look for it. May be repeated after an interruption. Rejects with AppError `unavailable`.
 */
export async function growTopics(growth: Growth, options: GrowTopicsOptions): Promise<GrownTopics> {
  const { bus, onProgress } = options;
  const state = await growthState(options);
  const plan = planGrowth(growth, state);
  if (plan.refusals.length > 0) return { ...plan, moved: 0 };
  for (const [name, count] of plan.counts)
    onProgress(`${name}: ${state.partitions.get(name)} → ${count} partitions`);
  await addPartitions({ ...options, counts: plan.counts });
  const moved = growth.deliveries === undefined ? 0 : await moveSuperseded(bus, growth.deliveries);
  if (moved > 0) onProgress(`${topics.supersededCommands.name}: ${moved} records written again`);
  return { ...plan, moved };
}

/** The newest record of each key that is not a tombstone. */
async function latest(bus: Bus, topic: TopicDefinition): Promise<readonly IncomingRecord[]> {
  const ends = await bus.ends([topic]);
  const found = new Map<string, IncomingRecord>();
  await bus.readRange({
    topic,
    partitions: ends.map(({ partition }) => partition),
    from: { timestampMs: 0 },
    service,
    onRecord: (record) => {
      const name = `${record.partition} ${record.key}`;
      if (record.value === null) found.delete(name);
      else found.set(name, record);
    },
  });
  return [...found.values()];
}

async function moveSuperseded(bus: Bus, partitions: number): Promise<number> {
  const topic = topics.supersededCommands;
  const moves = (await latest(bus, topic)).flatMap(({ key, value, headers, partition }) => {
    const [subscriptionId = ''] = (key ?? '').split('/');
    const target = partitionForKey(subscriptionId, partitions);
    return target === partition ? [] : [{ topic, key, value, headers, partition: target }];
  });
  if (moves.length === 0) return 0;
  const producer = await bus.producer();
  await producer.publishAll(moves);
  return moves.length;
}
