import type { Admin } from 'kafkajs';
import type { PartitionRef } from './bus.ts';
import { type LogPosition, laneKey } from './lane-source.ts';

/** Where the group and the log stand in each of the partitions. Partitions that do not exist are left out. */
export async function fetchPositions(
  admin: Admin,
  group: string,
  refs: readonly PartitionRef[],
): Promise<ReadonlyMap<string, LogPosition>> {
  const wanted = new Set(refs.map(laneKey));
  const topics = [...new Set(refs.map(({ topic }) => topic))];
  const [commits, ends] = await Promise.all([
    admin.fetchOffsets({ groupId: group, topics }),
    Promise.all(topics.map(async (topic) => ({ topic, partitions: await admin.fetchTopicOffsets(topic) }))),
  ]);
  const committed = new Map(
    commits.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => [laneKey({ topic, partition }), Number(offset)] as const),
    ),
  );
  const positions = new Map<string, LogPosition>();
  for (const { topic, partitions } of ends) {
    for (const { partition, high, low } of partitions) {
      const key = laneKey({ topic, partition });
      if (!wanted.has(key)) continue;
      const offset = committed.get(key) ?? -1;
      // −1: never committed; −2: kafkajs has "committed" the earliest after an offset out of range.
      positions.set(key, { committed: offset < 0 ? null : offset, low: Number(low), high: Number(high) });
    }
  }
  return positions;
}
