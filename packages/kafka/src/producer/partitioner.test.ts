import { describe, expect, it } from 'vitest';
import { murmur2, partitionForKey } from './partitioner.ts';

describe('partition of a key', () => {
  // Computed with org.apache.kafka.common.utils.Utils of Kafka 4.3.0, over 12 partitions.
  it.each([
    ['21', -973932308, 0],
    ['foobar', -790332482, 6],
    ['a-little-bit-long-string', -985981536, 8],
    ['sub_01990000-0000-7000-8000-000000000000', 756824856, 0],
    ['zoë ✓', -379246724, 0],
    ['', 275646681, 9],
  ])('is what the Java client computes for %j', (key, hash, partition) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
    expect(partitionForKey(key, 12)).toBe(partition);
  });
});
