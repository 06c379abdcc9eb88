import { decodeEvent, topics } from '@tidings/contracts';
import { connectKafka } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';

/** A record of the events topic: the id of its event, and the id that its provider gave it. */
export type LoggedEvent = Readonly<{ eventId: string; callerId: string | null }>;

/** Reads the log of events from its beginning to its present end, each partition in its order. */
export async function readEventLog(brokers: readonly string[]): Promise<readonly LoggedEvent[]> {
  const bus = await connectKafka({ brokers, clientId: 'tidings-test', logger: silentLogger });
  const found: LoggedEvent[] = [];
  try {
    await bus.readRange({
      topic: topics.events,
      partitions: [...Array(topics.events.partitions).keys()],
      from: { timestampMs: 0 },
      onRecord: (record) => {
        const { id, callerId } = decodeEvent(record);
        found.push({ eventId: id, callerId });
      },
      service: 'test',
    });
  } finally {
    await bus.close();
  }
  return found;
}
