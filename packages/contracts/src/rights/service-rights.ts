import { appTopics } from '../runs/app-topics.ts';
import { consumerGroups, temporaryGroupsOf } from '../wire/consumer-groups.ts';
import { ladder, topics } from '../wire/topics.ts';
import { mergedRights, type Right, rightsFor, type Uses } from './right.ts';

/** A service that has a user of its own at the brokers. The console does not connect to them. */
export type KafkaService = 'ingress' | 'subscription' | 'fanout' | 'delivery' | 'history';

const retryTopics = ladder.map(({ topic }) => topic);
const { endpointHealth, history } = consumerGroups;

/** Tables from which keys and tokens are checked, and the uses of keys that this reports. */
const authentication = { reads: [topics.access], writes: [topics.keyUsage] };

const uses: Readonly<Record<KafkaService, Uses>> = {
  ingress: {
    // Of the events it only asks for the ends, which the right to write them includes.
    reads: [...authentication.reads, topics.eventTypes, topics.sources],
    writes: [...authentication.writes, topics.events, topics.seenEventTypes, topics.received],
  },
  subscription: {
    reads: [
      ...authentication.reads,
      ...[topics.subscriptions, topics.eventTypes, topics.sources, topics.registry, topics.erasures],
      ...[topics.attempts, topics.keyUsage, topics.seenEventTypes],
      // Read by the command that restores a lost database.
      topics.audit,
    ],
    writes: [
      ...authentication.writes,
      ...[topics.access, topics.subscriptions, topics.eventTypes, topics.sources],
      ...[topics.registry, topics.audit],
      ...[topics.events, topics.deliveries, topics.attempts, topics.seenEventTypes, topics.deadLetters],
    ],
    groups: [endpointHealth, `${endpointHealth}-key-usage`, `${endpointHealth}-seen-types`],
    temporaryGroups: ['subscription-restore'].map(temporaryGroupsOf),
  },
  fanout: {
    reads: [
      ...[topics.events, topics.receivedIds, topics.subscriptions, topics.erasures, topics.jobs],
      // What a replay of missing deliveries compares with: where a command may be, and what became of it.
      ...[topics.attempts, topics.deliveries, topics.orderingChangelog, topics.supersededCommands],
      ...retryTopics,
    ],
    writes: [topics.deliveries, topics.attempts, topics.receivedIds, topics.jobs, topics.deadLetters],
    groups: [consumerGroups.fanout, consumerGroups.replays],
    watchedGroups: [consumerGroups.delivery, consumerGroups.retry],
    temporaryGroups: ['fanout', 'fanout-replay'].map(temporaryGroupsOf),
  },
  delivery: {
    reads: [
      ...[topics.deliveries, ...retryTopics, topics.subscriptions, topics.erasures],
      ...[topics.attempts, topics.orderingChangelog, topics.supersededCommands],
    ],
    writes: [
      ...[topics.attempts, topics.deliveries, ...retryTopics, topics.deadLetters],
      ...[topics.orderingChangelog, topics.supersededCommands, topics.breakers],
    ],
    groups: [consumerGroups.delivery, consumerGroups.retry],
    // Each retry topic once had a group of its own.
    watchedPrefixes: [`${consumerGroups.retry}-`],
    temporaryGroups: ['delivery'].map(temporaryGroupsOf),
  },
  history: {
    reads: [
      ...authentication.reads,
      ...[topics.events, topics.attempts, topics.deadLetters, topics.received, topics.runs, topics.audit],
      ...[topics.subscriptions, topics.sources, topics.erasures, topics.jobs, topics.breakers],
      // The oldest record that waits, for the view of the system.
      ...[topics.deliveries, ...retryTopics],
    ],
    writes: [
      ...authentication.writes,
      ...[topics.events, topics.deliveries, topics.deadLetters, topics.jobs, topics.erasures],
    ],
    groups: [history, ...['events', 'dead-letters', 'received', 'runs'].map((name) => `${history}-${name}`)],
    watchedGroups: [
      ...[consumerGroups.fanout, consumerGroups.delivery, consumerGroups.retry, endpointHealth],
      ...[consumerGroups.replays, `${history}-audit`, `${history}-oldest-event`],
    ],
    temporaryGroups: ['history', 'history-rebuild', 'history-stream'].map(temporaryGroupsOf),
  },
};

/** The services that have a user of their own at the brokers. */
export const kafkaServices = Object.keys(uses) as readonly KafkaService[];

/**
 * Returns what each service may do at the brokers: what it reads and writes, and no more. `apps`: the worker
 * applications of this installation, to whose runs history sends orders. Consumer groups are those of the default
 * settings.
 */
export const serviceRights = (
  apps: readonly string[] = [],
): Readonly<Record<KafkaService, readonly Right[]>> => {
  const orders = rightsFor({ writes: apps.map((app) => appTopics(app).commands) });
  const rightsOf = (service: KafkaService): readonly Right[] => rightsFor(uses[service]);
  return {
    ingress: rightsOf('ingress'),
    subscription: rightsOf('subscription'),
    fanout: rightsOf('fanout'),
    delivery: rightsOf('delivery'),
    history: [...rightsOf('history'), ...orders],
  };
};

/** Returns the rights of a process that runs these services under one user. */
export const processRights = (
  services: readonly KafkaService[],
  apps: readonly string[] = [],
): readonly Right[] => {
  const rights = serviceRights(apps);
  return mergedRights(services.flatMap((service) => rights[service]));
};

/** The rights of who creates the topics before the services start, with `deploy/create-topics.mjs`. */
export const topicSetupRights: readonly Right[] = [
  {
    ...{ resource: 'topic', name: 'tidings.', pattern: 'prefix' },
    operations: ['Create', 'Describe', 'DescribeConfigs'],
  },
  { resource: 'group', name: 'tidings-topics', pattern: 'literal', operations: ['Describe'] },
  { resource: 'cluster', name: 'kafka-cluster', pattern: 'literal', operations: ['DescribeConfigs'] },
];
