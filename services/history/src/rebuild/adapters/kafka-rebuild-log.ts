import { type TopicDefinition, topics } from '@tidings/contracts';
import type { Bus } from '@tidings/kafka';
import type { RebuiltPartition } from '../domain/rebuild.ts';
import type { RebuildLog } from '../ports.ts';

type Source = Readonly<{ topic: TopicDefinition; group: string | null }>;

/** Returns the topics that the service reads, with the groups in which it does; null: it remembers its position itself. */
const sourcesOf = (group: string): readonly Source[] => [
  // Before the attempts, whose successes settle dead letters.
  { topic: topics.deadLetters, group: `${group}-dead-letters` },
  { topic: topics.attempts, group },
  { topic: topics.events, group: `${group}-events` },
  { topic: topics.received, group: `${group}-received` },
  { topic: topics.runs, group: `${group}-runs` },
  { topic: topics.audit, group: null },
];

/** Creates the reader of positions. */
export const createRebuildLog = (
  bus: Pick<Bus, 'ends' | 'lag' | 'readRecords' | 'members'>,
  group: string,
): RebuildLog => ({
  partitions: async () => {
    const found: RebuiltPartition[] = [];
    for (const { topic, group: reader } of sourcesOf(group)) {
      const ends = await bus.ends([topic]);
      const committed = new Map(
        (reader === null ? [] : await bus.lag(reader, [topic])).map((lag) => [
          lag.partition,
          lag.committedOffset,
        ]),
      );
      const positions = ends
        .filter(({ lowOffset, highOffset }) => lowOffset < highOffset)
        .map(({ partition, lowOffset }) => ({ partition, offset: lowOffset }));
      const firsts = await bus.readRecords({ topic, positions });
      const times = new Map(firsts.flatMap((first) => (first ? [[first.partition, first.timestampMs]] : [])));
      found.push(
        ...ends.map(({ partition, lowOffset, highOffset }) => {
          const low = Number(lowOffset);
          const end = Math.max(low, Number(committed.get(partition) ?? highOffset));
          return {
            topic: topic.name,
            partition,
            low,
            end,
            next: low,
            firstMs: times.get(partition) ?? null,
          };
        }),
      );
    }
    return found;
  },
  groupsInUse: async () => {
    const inUse = new Map<string, number>();
    for (const { group: reader } of sourcesOf(group)) {
      const members = reader === null ? 0 : await bus.members(reader);
      if (reader !== null && members > 0) inUse.set(reader, members);
    }
    return inUse;
  },
});
