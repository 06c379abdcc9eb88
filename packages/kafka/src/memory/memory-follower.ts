import type { TopicDefinition } from '@tidings/contracts';
import type { Follower, FollowOptions, LogEnds } from '../bus.ts';
import type { MemoryLog } from './memory-log.ts';

/** Returns the ends of every partition of the topics. */
export const endsOf = (topics: readonly TopicDefinition[], log: MemoryLog): LogEnds[] =>
  topics.flatMap((topic) =>
    log.partitionsOf(topic).map((records, partition) => ({
      ...{ topic: topic.name, partition, lowOffset: log.firstOffset(topic, partition) },
      highOffset: BigInt(records.length),
    })),
  );

/** Follows topics in memory. */
export function followLog({ topics, startAt, onRecords }: FollowOptions, log: MemoryLog): Follower {
  const ends = endsOf(topics, log);
  const next = ends.map((end) => Number(startAt(end)));
  let isClosed = false;
  const read = () => {
    ends.forEach(({ topic, partition }, index) => {
      const records = isClosed ? [] : log.records(topic, partition).slice(next[index]);
      if (records.length === 0) return;
      next[index] = (next[index] ?? 0) + records.length;
      onRecords(records);
    });
  };
  const removers = topics.map((topic) => log.onAppend(topic, read));
  // After the caller has the follower, as over Kafka.
  setImmediate(read);
  return {
    ends,
    state: () => (isClosed ? 'stopped' : 'running'),
    close: async () => {
      isClosed = true;
      for (const remove of removers) remove();
    },
  };
}
