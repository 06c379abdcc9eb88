import type { PartitionRef, RunPartitionsOptions } from '../bus.ts';
import { sharePartitions } from '../consumer/sticky-assigner.ts';
import type { MemoryLog } from './memory-log.ts';

/** A group member, as its group uses it. */
type Member = Readonly<{
  id: string;
  topics: RunPartitionsOptions<unknown>['topics'];
  flush(): void;
  assign(refs: readonly PartitionRef[]): void;
  assigned(): readonly PartitionRef[];
}>;

/** A consumer group of the memory bus: its committed offsets, and the owner of each partition. */
export class MemoryConsumerGroup {
  readonly commits = new Map<string, number>();
  readonly #log: MemoryLog;
  readonly #members = new Map<string, Member>();

  constructor(log: MemoryLog) {
    this.#log = log;
  }

  get size(): number {
    return this.#members.size;
  }

  join(member: Member): void {
    this.#members.set(member.id, member);
    this.#rebalance();
  }

  leave(id: string): void {
    if (this.#members.delete(id)) this.#rebalance();
  }

  #rebalance(): void {
    const members = [...this.#members.values()];
    const [leader] = members;
    if (leader === undefined) return;
    for (const member of members) member.flush();
    const counts = leader.topics.map((topic) => ({
      topic: topic.name,
      count: this.#log.partitionsOf(topic).length,
    }));
    const claims = members.map((member) => ({
      memberId: member.id,
      owned: member.assigned().map(({ partition }) => partition),
    }));
    const shares = sharePartitions(Math.max(0, ...counts.map(({ count }) => count)), claims);
    for (const member of members) {
      const mine = shares.get(member.id) ?? [];
      member.assign(
        counts.flatMap(({ topic, count }) =>
          mine.filter((partition) => partition < count).map((partition) => ({ topic, partition })),
        ),
      );
    }
  }
}
