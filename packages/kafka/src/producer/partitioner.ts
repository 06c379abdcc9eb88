const seed = 0x9747b28c;
const multiplier = 0x5bd1e995;

/**
 * Computes murmur2 as Kafka's Java client does (org.apache.kafka.common.utils.Utils.murmur2), as a signed 32-bit
 * integer. Math.imul stays in integers: kafkajs's own implementation uses BigInt and costs some ten times as much.
 */
export function murmur2(data: Uint8Array): number {
  const length = data.length;
  const blocksEnd = length & ~3;
  let hash = seed ^ length;
  for (let at = 0; at < blocksEnd; at += 4) {
    let block =
      (data[at] ?? 0) |
      ((data[at + 1] ?? 0) << 8) |
      ((data[at + 2] ?? 0) << 16) |
      ((data[at + 3] ?? 0) << 24);
    block = Math.imul(block, multiplier);
    block ^= block >>> 24;
    hash = Math.imul(hash, multiplier) ^ Math.imul(block, multiplier);
  }
  const rest = length & 3;
  if (rest === 3) hash ^= (data[blocksEnd + 2] ?? 0) << 16;
  if (rest >= 2) hash ^= (data[blocksEnd + 1] ?? 0) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ (data[blocksEnd] ?? 0), multiplier);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, multiplier);
  return hash ^ (hash >>> 15);
}

/**
 * Returns the partition of a key (as UTF-8) in a topic of `partitions` partitions: the default of every Kafka client.
 */
export function partitionForKey(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}
