import type { TopicPartitionLag } from './bus.ts';

/** The part of a lag that lies below `end`. */
export function lagUntil(lag: TopicPartitionLag, end: bigint): TopicPartitionLag {
  const highOffset = end < lag.highOffset ? end : lag.highOffset;
  const behind = highOffset - lag.committedOffset;
  return { ...lag, highOffset, lagRecords: behind > 0n ? behind : 0n };
}
