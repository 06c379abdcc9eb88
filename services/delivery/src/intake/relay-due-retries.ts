import { ladder, type TopicDefinition, topics } from '@tidings/contracts';
import type { Bus, OutgoingRecord, Relay } from '@tidings/kafka';

/** The delay relay of one rung. */
export type RungRelay = Readonly<{
  rung: string;
  group: string;
  topic: TopicDefinition;
  delayMs: number;
  relay: Relay;
}>;

type Forward = Parameters<Bus['relay']>[0]['forward'];

/** Forwards a due record to deliveries unchanged: same key, hence same partition, same state and bytes. */
const forwardToDeliveries: Forward = ({ key, headers, value }): OutgoingRecord => ({
  topic: topics.deliveries,
  key,
  headers,
  value,
});

const labelOf = (topicName: string): string => topicName.slice(topicName.lastIndexOf('.') + 1);

/**
 * Starts one delay relay per rung of the ladder. Relays move due records back to deliveries; only the
 * consumers of deliveries send HTTP requests.
 */
export const startRelays = async (bus: Pick<Bus, 'relay'>, lingerMs: number): Promise<readonly RungRelay[]> =>
  Promise.all(
    ladder.map(async ({ topic, delayMs }) => {
      const rung = labelOf(topic.name);
      const group = `tidings-delivery-retry-${rung}`;
      const relay = await bus.relay({ group, topic, delayMs, forward: forwardToDeliveries, lingerMs });
      return { rung, group, topic, delayMs, relay };
    }),
  );
