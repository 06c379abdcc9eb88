import { consumerGroups, topics } from '@tidings/contracts';

/** The wanted numbers of partitions: of the commands, and what is partitioned like them; of the events, likewise. */
export type Growth = Readonly<{ deliveries?: number; events?: number }>;

/** The facts that decide whether topics can grow without harm to the order of keys. */
export type GrowthState = Readonly<{
  /** The number of partitions of each topic by name, of all topics of the cluster. */
  partitions: ReadonlyMap<string, number>;
  /** The number of members by consumer group. */
  members: ReadonlyMap<string, number>;
  /** Records that the groups have not done: events in fanout, commands in delivery. */
  waiting: Readonly<{ events: number; deliveries: number }>;
  /** Commands that wait in ordered queues. */
  held: number;
}>;

/** The new number of partitions of each topic that grows, and the reasons why it cannot now. */
export type GrowthPlan = Readonly<{ counts: ReadonlyMap<string, number>; refusals: readonly string[] }>;

const mostPartitions = 1_000;

/** Topics of which delivery reads the partition that has the number of that of its commands. */
const likeDeliveries = [
  topics.deliveries,
  topics.attempts,
  topics.orderingChangelog,
  topics.supersededCommands,
];
const likeEvents = [topics.events, topics.receivedIds];
/** Topics of chains have the partitions of the events, which their workers expect (docs/chains.md). */
const chainsPrefix = 'tidings.chains.';

// A service that runs goes on to produce by the number of partitions that it knows, for minutes.
const groupsOf = {
  deliveries: Object.values(consumerGroups),
  events: [consumerGroups.fanout],
} as const;

function countRefusal(option: 'deliveries' | 'events', wanted: number, found: number): string[] {
  if (Number.isInteger(wanted) && wanted >= found && wanted <= mostPartitions) return [];
  return [
    `--${option} must be an integer from ${found} (the partitions of ${topics[option].name}) to ${mostPartitions}, got '${wanted}': topics cannot shrink`,
  ];
}

/** Returns which topics grow, and why they cannot now: each refusal has the number that has to become 0. */
export function planGrowth(growth: Growth, state: GrowthState): GrowthPlan {
  const counts = new Map<string, number>();
  const refusals: string[] = [];
  const groups = new Set<string>();
  const add = (option: 'deliveries' | 'events', alike: typeof likeDeliveries): void => {
    const wanted = growth[option];
    if (wanted === undefined) return;
    refusals.push(...countRefusal(option, wanted, state.partitions.get(topics[option].name) ?? 0));
    for (const { name } of alike) if ((state.partitions.get(name) ?? 0) < wanted) counts.set(name, wanted);
    for (const group of groupsOf[option]) groups.add(group);
  };
  add('deliveries', likeDeliveries);
  add('events', likeEvents);
  for (const group of groups) {
    const members = state.members.get(group) ?? 0;
    if (members > 0) refusals.push(`group ${group} has ${members} members: stop the service that reads it`);
  }
  if (state.waiting.events > 0)
    refusals.push(`${state.waiting.events} events are not matched: let fanout run until there are none`);
  if (growth.deliveries !== undefined) refusals.push(...deliveryRefusals(state));
  if (growth.events !== undefined) refusals.push(...chainsRefusals(state));
  return { counts, refusals };
}

function deliveryRefusals({ waiting, held }: GrowthState): string[] {
  return [
    ...(waiting.deliveries > 0
      ? [`${waiting.deliveries} commands are not taken over: let delivery run until there are none`]
      : []),
    ...(held > 0
      ? [
          `${held} commands wait in ordered queues: let delivery run until they have ended, or disable their subscriptions`,
        ]
      : []),
  ];
}

function chainsRefusals({ partitions }: GrowthState): string[] {
  const names = [...partitions.keys()].filter((name) => name.startsWith(chainsPrefix)).sort();
  if (names.length === 0) return [];
  return [
    `${names.length} topics of chains have the partitions of the events (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}): events cannot grow while they exist`,
  ];
}
