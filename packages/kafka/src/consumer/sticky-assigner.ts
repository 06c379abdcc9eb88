import kafkajs, { type PartitionAssigner } from 'kafkajs';
import type { PartitionRef } from '../bus.ts';

const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol;

/** A group member and the partition numbers that it owns already. */
export type Claim = Readonly<{ memberId: string; owned: readonly number[] }>;

/**
 * Assigns partition numbers 0 to `count − 1`: as evenly as possible, each group member keeping its partitions within
 * its share. Deterministic: every caller computes the same assignment.
 */
export function sharePartitions(count: number, claims: readonly Claim[]): Map<string, number[]> {
  const taken = new Set<number>();
  const byId = [...claims].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const claimsById = byId.map(({ memberId, owned }) => {
    const own = [...new Set(owned)].filter((partition) => partition < count && !taken.has(partition));
    for (const partition of own) taken.add(partition);
    return { memberId, own: own.sort((a, b) => a - b) };
  });
  const share = Math.floor(count / claims.length);
  // The group members that own most keep the odd partitions.
  const byOwnedCount = [...claimsById].sort((a, b) => b.own.length - a.own.length);
  const shares = new Map<string, { size: number; partitions: number[] }>();
  byOwnedCount.forEach(({ memberId, own }, at) => {
    const size = share + (at < count % claims.length ? 1 : 0);
    shares.set(memberId, { size, partitions: own.slice(0, size) });
  });
  const kept = new Set([...shares.values()].flatMap(({ partitions }) => partitions));
  const free = Array.from({ length: count }, (_, partition) => partition).filter((p) => !kept.has(p));
  for (const { memberId } of claimsById) {
    const mine = shares.get(memberId);
    if (mine !== undefined) mine.partitions.push(...free.splice(0, mine.size - mine.partitions.length));
  }
  return new Map(
    [...shares].map(([memberId, { partitions }]) => [memberId, partitions.sort((a, b) => a - b)]),
  );
}

/**
 * A group protocol in which one group member owns partition n of every topic (so records with equal keys reach one
 * process) and keeps it over rebalances. kafkajs's own round robin reassigns everything each time. Rebalances stay
 * eager: every group member stops and rejoins, but continues at its position in the partitions that it keeps.
 */
export const stickyAssigner =
  (ownedPartitions: () => readonly PartitionRef[]): PartitionAssigner =>
  ({ cluster }) => ({
    name: 'tidings-sticky-1',
    version: 0,
    protocol: ({ topics }) => ({
      name: 'tidings-sticky-1',
      metadata: MemberMetadata.encode({
        version: 0,
        topics,
        userData: Buffer.from(
          JSON.stringify([...new Set(ownedPartitions().map(({ partition }) => partition))]),
        ),
      }),
    }),
    assign: async ({ members, topics }) => {
      const counts = topics.map((topic) => cluster.findTopicPartitionMetadata(topic).length);
      const claims = members.map(({ memberId, memberMetadata }) => ({
        memberId,
        owned: parseOwned(MemberMetadata.decode(memberMetadata)?.userData),
      }));
      const shares = sharePartitions(Math.max(0, ...counts), claims);
      return [...shares].map(([memberId, partitions]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version: 0,
          assignment: Object.fromEntries(
            topics.map((topic, at) => [
              topic,
              partitions.filter((partition) => partition < (counts[at] ?? 0)),
            ]),
          ),
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });

// Another program in the same group may send any data: it then owns nothing.
function parseOwned(userData: Buffer | undefined): number[] {
  if (userData === undefined || userData.length === 0) return [];
  try {
    const owned: unknown = JSON.parse(userData.toString('utf8'));
    return Array.isArray(owned)
      ? owned.filter((partition): partition is number => Number.isInteger(partition))
      : [];
  } catch {
    return [];
  }
}
