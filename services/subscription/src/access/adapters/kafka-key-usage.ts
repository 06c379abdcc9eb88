import { decodeKeyUsed, type KeyUsed, topics } from '@tidings/contracts';
import type { Bus, PartitionRunner, WorkBatch } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { messageOf } from '@tidings/runtime';
import type { KeyUsageStore } from '../ports.ts';

/** Dependencies of the key usage reader. */
export type UsageParts = Readonly<{ bus: Bus; usage: KeyUsageStore; logger: Logger; group: string }>;

/** Records when keys were last used, from the usage records that all services publish. */
export const consumeKeyUsage = async ({ bus, usage, logger, group }: UsageParts): Promise<PartitionRunner> =>
  bus.runPartitions<KeyUsed>({
    group,
    topics: [topics.keyUsage],
    decode: decodeKeyUsed,
    onBatch: (batch) => void recordUses({ usage, logger }, batch),
    fetchIntervalMs: 1_000,
  });

async function recordUses(
  { usage, logger }: Pick<UsageParts, 'usage' | 'logger'>,
  { items }: WorkBatch<KeyUsed>,
): Promise<void> {
  const latest = new Map<string, number>();
  for (const { message } of items) {
    latest.set(message.keyId, Math.max(message.atMs, latest.get(message.keyId) ?? 0));
  }
  try {
    for (const [keyId, atMs] of latest) await usage.note(keyId, atMs);
  } catch (error) {
    // Not retried: the next minute's records carry the same information.
    logger.debug({ detail: messageOf(error) }, 'key-usage.not-recorded');
  }
  for (const item of items) item.done();
}
