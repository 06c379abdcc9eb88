import { partitionKey, type RecordPosition } from '../bus.ts';
import type { AppendedMessages, HandOver } from '../hand-over/hand-over.ts';
import type { MemoryLog } from './memory-log.ts';

type Appended = AppendedMessages & { readonly messages: AppendedMessages['messages'][number][] };

/** Hands the records at these positions of a log over, those of one partition together: its offsets follow each other. */
export function handOverStored(
  handOver: HandOver,
  log: MemoryLog,
  positions: readonly RecordPosition[],
): void {
  const sends = new Map<string, Appended>();
  for (const position of positions) {
    const { topic, partition, offset } = position;
    const stored = log.records(topic, partition)[Number(offset)];
    if (stored === undefined) continue;
    const { key, value, headers, timestampMs } = stored;
    const name = partitionKey(position);
    const send = sends.get(name) ?? { topic, partition, baseOffset: Number(offset), messages: [] };
    sends.set(name, send);
    send.messages.push({ key, value, headers, timestamp: String(timestampMs) });
  }
  for (const send of sends.values()) handOver.appended(send);
}
