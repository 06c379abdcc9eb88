import { consumerGroups, ladder, type TopicDefinition, topics } from '@tidings/contracts';

/** A step of the pipeline: a consumer group and the topic that it reads. */
export type Hop = Readonly<{ name: string; group: string; topic: TopicDefinition }>;

/** Returns the hops in the order of an event, with the group of this service. */
export const hopsOf = (historyGroup: string): readonly Hop[] => [
  { name: 'fanout', group: consumerGroups.fanout, topic: topics.events },
  { name: 'delivery', group: consumerGroups.delivery, topic: topics.deliveries },
  { name: 'events', group: `${historyGroup}-events`, topic: topics.events },
  { name: 'history', group: historyGroup, topic: topics.attempts },
  { name: 'dead-letters', group: `${historyGroup}-dead-letters`, topic: topics.deadLetters },
  { name: 'endpoint-health', group: consumerGroups.endpointHealth, topic: topics.attempts },
];

/** A retry topic: its records wait for its delay. */
export type RetryHop = Hop & Readonly<{ delayMs: number }>;

/** The retry topics, shortest delay first. */
export const retryHops: readonly RetryHop[] = ladder.map(({ topic, delayMs }) => ({
  name: topic.name.slice(topic.name.lastIndexOf('.') + 1),
  group: consumerGroups.retry,
  topic,
  delayMs,
}));
