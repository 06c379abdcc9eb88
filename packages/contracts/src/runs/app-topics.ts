import { type TopicDefinition, topics } from '../wire/topics.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** The topics of one worker application: nobody else needs the right to write the run log. */
export type AppTopics = Readonly<{
  /** Newest state of every run that is needed, partitioned like the events. */
  runLog: TopicDefinition;
  /** Orders for runs ({@link RunCommand}), partitioned like the events. */
  commands: TopicDefinition;
}>;

/**
 * Returns the topics of a worker application. `partitions`: as many as `tidings.events` has in this installation; default:
 * as many as it is defined with.
 */
export const appTopics = (app: string, partitions: number = topics.events.partitions): AppTopics => ({
  runLog: {
    name: `tidings.chains.${app}`,
    kind: 'table',
    partitions,
    key: '<run id>/<epoch>, epoch/<epoch>/<owner> or settled/<epoch>, in the partition of the event',
    config: {
      'cleanup.policy': 'compact',
      // The topic is read completely when a partition is assigned, and only closed segments are compacted.
      'segment.ms': String(10 * minuteMs),
      'segment.bytes': String(16 * 1024 * 1024),
      'min.cleanable.dirty.ratio': '0.2',
      'delete.retention.ms': String(dayMs),
    },
  },
  commands: {
    name: `tidings.chains.${app}.commands`,
    kind: 'work',
    partitions,
    key: 'run id, in the partition of its event',
    config: { 'retention.ms': String(7 * dayMs) },
  },
});

/** Returns the consumer group of a worker application. */
export const appGroup = (app: string): string => `tidings-chains-${app}`;

/** Returns the name of the workers of an application as readers, in the names of their temporary groups. */
export const appReader = (app: string): string => `chains-${app}`;
