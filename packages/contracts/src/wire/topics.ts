/** Content of a topic, which determines its retention: an event log, pending work, or a compacted table. */
export type TopicKind = 'log' | 'work' | 'ladder' | 'facts' | 'table';

/** A topic definition. The name of each topic is written here and nowhere else. */
export type TopicDefinition = Readonly<{
  name: string;
  kind: TopicKind;
  partitions: number;
  /** Description of the record key. Documentation only; no code reads it. */
  key: string;
  /** Broker settings, in the broker's names and units. */
  config: Readonly<Record<string, string>>;
}>;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const kept = (durationMs: number): Record<string, string> => ({ 'retention.ms': String(durationMs) });

const compacted: Record<string, string> = {
  'cleanup.policy': 'compact',
  'segment.ms': String(hourMs),
  'min.cleanable.dirty.ratio': '0.2',
  'delete.retention.ms': String(dayMs),
};

const events: TopicDefinition = {
  name: 'tidings.events',
  kind: 'log',
  partitions: 12,
  key: 'ordering key; else the event id where the caller can repeat it; else none',
  config: kept(7 * dayMs),
};

const deliveries: TopicDefinition = {
  name: 'tidings.deliveries',
  kind: 'work',
  partitions: 12,
  key: 'subscription id',
  config: kept(3 * dayMs),
};

const attempts: TopicDefinition = {
  name: 'tidings.attempts',
  kind: 'facts',
  partitions: deliveries.partitions,
  key: 'subscription id, partitioned like deliveries',
  config: kept(7 * dayMs),
};

const orderingChangelog: TopicDefinition = {
  name: 'tidings.holds',
  kind: 'table',
  partitions: deliveries.partitions,
  key: 'subscription id, delivery id and chain, partitioned like deliveries',
  // The topic is read completely when a partition is assigned, and only closed segments are compacted.
  config: { ...compacted, 'segment.ms': String(10 * minuteMs), 'segment.bytes': String(16 * 1024 * 1024) },
};

/**
 * Time for which it is known that a delivery's waiting commands are superseded, in milliseconds: 30 days. A waiting
 * command comes back after each rung: at the latest when its rung, while nothing runs, still keeps it. That is 7 days
 * and 10 hours, and up to 7 days more for the rest of its segment.
 */
export const supersededKeptMs = 30 * dayMs;

const supersededCommands: TopicDefinition = {
  name: 'tidings.superseded-commands',
  kind: 'table',
  partitions: deliveries.partitions,
  key: '<subscription id>/<delivery id>, partitioned like deliveries',
  config: {
    ...compacted,
    // The brokers remove a record once nothing can come back that it supersedes: no service writes tombstones.
    'cleanup.policy': 'compact,delete',
    ...kept(supersededKeptMs),
    // The clock of one writer must not make a record expire early.
    'message.timestamp.type': 'LogAppendTime',
    'segment.bytes': String(16 * 1024 * 1024),
  },
};

const breakers: TopicDefinition = {
  name: 'tidings.breakers',
  kind: 'table',
  partitions: 1,
  key: 'subscription id',
  // Only open breakers have a record, and one is believed for minutes: what a dead process has left goes by itself.
  config: { ...compacted, 'cleanup.policy': 'compact,delete', ...kept(dayMs) },
};

const deadLetters: TopicDefinition = {
  name: 'tidings.dead-letters',
  kind: 'facts',
  partitions: 4,
  key: 'subscription id, or the key of the poison record',
  config: kept(30 * dayMs),
};

const subscriptions: TopicDefinition = {
  name: 'tidings.subscriptions',
  kind: 'table',
  partitions: 4,
  key: 'subscription id',
  config: compacted,
};

const eventTypes: TopicDefinition = {
  name: 'tidings.event-types',
  kind: 'table',
  partitions: 1,
  key: '<workspace id>/<event type name>',
  config: compacted,
};

const seenEventTypes: TopicDefinition = {
  name: 'tidings.seen-event-types',
  kind: 'facts',
  partitions: 1,
  key: 'workspace id',
  config: kept(dayMs),
};

const sources: TopicDefinition = {
  name: 'tidings.sources',
  kind: 'table',
  partitions: 1,
  key: 'source id',
  config: compacted,
};

const receivedIds: TopicDefinition = {
  name: 'tidings.received-ids',
  kind: 'facts',
  partitions: events.partitions,
  key: 'event id, in the partition of the event',
  // Providers repeat a webhook for up to three days. Only closed segments are removed.
  config: { ...kept(3 * dayMs), 'segment.ms': String(6 * hourMs), 'segment.bytes': String(16 * 1024 * 1024) },
};

const received: TopicDefinition = {
  name: 'tidings.received',
  kind: 'facts',
  partitions: 4,
  key: 'source id',
  // Some 350 bytes for each accepted webhook, and at most one fact a second for each source and reason of refusals.
  config: {
    ...kept(7 * dayMs),
    'retention.bytes': String(2 * 1024 * 1024 * 1024),
    'segment.bytes': String(64 * 1024 * 1024),
  },
};

const access: TopicDefinition = {
  name: 'tidings.access',
  kind: 'table',
  partitions: 1,
  key: '<kind>/<id>, such as api-key/<key id>',
  config: compacted,
};

const registry: TopicDefinition = {
  name: 'tidings.registry',
  kind: 'table',
  partitions: 1,
  key: '<kind>/<id>, such as subscription/<subscription id>',
  config: compacted,
};

const keyUsage: TopicDefinition = {
  name: 'tidings.key-usage',
  kind: 'facts',
  partitions: 1,
  key: 'key id',
  config: kept(dayMs),
};

const jobs: TopicDefinition = {
  name: 'tidings.jobs',
  kind: 'table',
  partitions: 4,
  key: '<job id>/order or <job id>/progress, in the partition of the job id',
  config: compacted,
};

const audit: TopicDefinition = {
  name: 'tidings.audit',
  kind: 'facts',
  partitions: 1,
  key: 'workspace id',
  config: kept(30 * dayMs),
};

const erasures: TopicDefinition = {
  name: 'tidings.erasures',
  kind: 'table',
  partitions: 1,
  key: 'erasure id',
  // A record is needed for as long as the log has anything that it covers; history writes the tombstones.
  config: compacted,
};

const runs: TopicDefinition = {
  name: 'tidings.runs',
  kind: 'facts',
  partitions: 4,
  key: 'run id',
  config: kept(30 * dayMs),
};

/** One constant delay, and the topic whose records all wait for it. */
export type Rung = Readonly<{ topic: TopicDefinition; delayMs: number }>;

const rung = (label: string, delayMs: number): Rung => ({
  topic: {
    name: `tidings.retry.${label}`,
    kind: 'ladder',
    partitions: 4,
    key: 'subscription id',
    // LogAppendTime: due order equals offset order only if one clock, the broker's, stamps every record.
    config: { ...kept(delayMs + 7 * dayMs), 'message.timestamp.type': 'LogAppendTime' },
  },
  delayMs,
});

/** Retry ladder, shortest delay first. Several hops over these rungs add up to any delay. */
export const ladder: readonly Rung[] = [
  rung('1s', 1_000),
  rung('5s', 5_000),
  rung('1m', minuteMs),
  rung('5m', 5 * minuteMs),
  rung('30m', 30 * minuteMs),
  rung('2h', 2 * hourMs),
  rung('5h', 5 * hourMs),
  rung('10h', 10 * hourMs),
];

/** All topics except the ladder, by content. Partition counts are those of the local stack. */
export const topics = {
  events,
  deliveries,
  attempts,
  orderingChangelog,
  supersededCommands,
  breakers,
  deadLetters,
  subscriptions,
  eventTypes,
  seenEventTypes,
  sources,
  receivedIds,
  received,
  access,
  registry,
  keyUsage,
  audit,
  jobs,
  erasures,
  runs,
} as const;

/** All topics that must exist before a service starts. */
export const allTopics: readonly TopicDefinition[] = [
  ...Object.values(topics),
  ...ladder.map((step) => step.topic),
];
