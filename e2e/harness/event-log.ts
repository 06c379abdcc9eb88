import { decodeEvent, topics } from '@tidings/contracts';
import { connectKafka } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';

/** A record of the events topic: the id of its event, and the id that its provider gave it. */
export type LoggedWebhook = Readonly<{ eventId: string; callerId: string }>;

/**
 * Reads the webhooks with an id of their provider in the log of events, from its beginning to its present end, each partition in
 * its order.
 */
export async function readLoggedWebhooks(brokers: readonly string[]): Promise<readonly LoggedWebhook[]> {
  const bus = await connectKafka({ brokers, clientId: 'tidings-test', logger: silentLogger });
  const found: LoggedWebhook[] = [];
  try {
    await bus.readRange({
      topic: topics.events,
      partitions: [...Array(topics.events.partitions).keys()],
      from: { timestampMs: 0 },
      onRecord: (record) => {
        const { id, callerId, received } = decodeEvent(record);
        // Others are operational events, such as of an endpoint that is slow on a busy machine.
        if (received !== undefined && callerId !== null) found.push({ eventId: id, callerId });
      },
      service: 'test',
    });
  } finally {
    await bus.close();
  }
  return found;
}
