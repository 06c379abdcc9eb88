import { consumerGroups, ladder, type TopicDefinition, topics } from '@tidings/contracts';
import type { Bus, OutgoingRecord, Relay, RelayOptions } from '@tidings/kafka';
import { traceForwarded } from './trace-forwarded.ts';

/** One rung of the ladder. `label` is its delay, as in its topic's name. */
export type Rung = Readonly<{ label: string; topic: TopicDefinition; delayMs: number }>;

/** The consumer group of all rungs. */
export const retryGroup = consumerGroups.retry;

/** All rungs, shortest delay first. */
export const rungs: readonly Rung[] = ladder.map(({ topic, delayMs }) => ({
  label: topic.name.slice(topic.name.lastIndexOf('.') + 1),
  topic,
  delayMs,
}));

const labels = new Map(rungs.map(({ topic, label }) => [topic.name, label]));

/** Forwards a due record to deliveries unchanged: same key, hence same partition, same state and bytes. */
const forwardToDeliveries: RelayOptions['forward'] = ({ key, headers, value }): OutgoingRecord => ({
  topic: topics.deliveries,
  key,
  headers,
  value,
});

/**
 * Starts the delay relay of all rungs, which moves due records back to deliveries; only the consumers of deliveries
 * send HTTP requests. One consumer reads all rungs: each more would cost connections, heartbeats and fetches at rest.
 */
export const startRelay = async (bus: Pick<Bus, 'relay'>, lingerMs: number): Promise<Relay> =>
  bus.relay({
    group: retryGroup,
    // Until version 0.1.0 each rung had a group of its own.
    formerGroup: (topic) => `${retryGroup}-${labels.get(topic) ?? topic}`,
    rungs,
    forward: forwardToDeliveries,
    onForwarded: (records, sentAtMs) => traceForwarded(records, { group: retryGroup, sentAtMs }),
    lingerMs,
  });
