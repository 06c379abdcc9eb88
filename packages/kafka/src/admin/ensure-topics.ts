import { allTopics, type TopicDefinition, topics } from '@tidings/contracts';
import type { Logger } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import kafkajs, { type Admin, type ITopicConfig } from 'kafkajs';
import { detailOf } from '../client/errors.ts';
import type { AdminEndpoint } from './admin-endpoint.ts';
import { compareSettings } from './compare-settings.ts';
import { untilDeadline, waitForLeaders } from './wait-for-leaders.ts';
import { withAdmin } from './with-admin.ts';

/**
 * Options of {@link ensureTopics}. `replicationFactor` applies to topics that are created; `minInsyncReplicas` defaults
 * to 2 from three replicas on, else 1. `topics` defaults to all topics of the system.
 */
export type EnsureTopicsOptions = AdminEndpoint &
  Readonly<{
    replicationFactor: number;
    minInsyncReplicas?: number;
    topics?: readonly TopicDefinition[];
    /** Checks settings of the topics and of the cluster too, and creates the topic of committed offsets. Default true. */
    isClusterChecked?: boolean;
  }>;

/** Topics created, and warnings for the operator: each is a sentence that includes the action to take. */
export type EnsureTopicsReport = Readonly<{ created: readonly string[]; warnings: readonly string[] }>;

// 30 days. With Kafka's default of 7, a stack that was stopped for longer reads everything again, old retries included.
const minOffsetsRetentionMinutes = 43_200;
const clientId = 'tidings-topics';

/**
 * Creates missing topics, and waits until every partition has a leader. Existing topics are not changed but compared;
 * differences are returned as warnings (and logged). Throws AppError `config-invalid` if continuing would break a
 * guarantee, `unavailable` if the brokers do not respond.
 */
export async function ensureTopics(options: EnsureTopicsOptions): Promise<EnsureTopicsReport> {
  const { brokers, logger, topics: wanted = allTopics, isClusterChecked = true } = options;
  return withAdmin(options, {
    clientId,
    problem: `cannot prepare the topics on ${brokers.join(',')}`,
    run: async (admin) => {
      const [created] = await Promise.all([
        createMissing(admin, wanted, options),
        ...(isClusterChecked ? [createOffsetsTopic(admin, logger)] : []),
      ]);
      const counts = await waitForLeaders(
        admin,
        wanted.map(({ name }) => name),
      );
      assertPartitionedAlike(counts);
      const warnings = [
        ...compareCounts(wanted, counts),
        ...(isClusterChecked
          ? [...(await compareSettings(admin, wanted)), ...(await checkOffsetsRetention(admin))]
          : []),
      ];
      for (const warning of warnings) logger.warn({ warning }, 'topics.check');
      if (created.length > 0) logger.info({ created }, 'topics.created');
      return { created, warnings };
    },
  });
}

async function createMissing(
  admin: Admin,
  wanted: readonly TopicDefinition[],
  { replicationFactor, minInsyncReplicas = replicationFactor >= 3 ? 2 : 1 }: EnsureTopicsOptions,
): Promise<string[]> {
  const existing = new Set(await admin.listTopics());
  const missing = wanted.filter(({ name }) => !existing.has(name));
  if (missing.length === 0) return [];
  const idPartitions = existing.has(topics.events.name) ? await countPartitions(admin, topics.events) : null;
  const toConfig = ({ name, partitions, config }: TopicDefinition): ITopicConfig => ({
    topic: name,
    // Ids of events are in the partitions of the events, of which an installation may have more than are defined.
    numPartitions: name === topics.receivedIds.name ? (idPartitions ?? partitions) : partitions,
    replicationFactor,
    configEntries: Object.entries({
      'min.insync.replicas': String(minInsyncReplicas),
      // Keeps the producer's compression: the broker must not compress again.
      'compression.type': 'producer',
      ...config,
    }).map(([name, value]) => ({ name, value })),
  });
  const request = { topics: missing.map(toConfig), waitForLeaders: false, timeout: 15_000 };
  await untilDeadline(async () => {
    // Returns false if another instance created one of them first.
    await admin.createTopics(request);
  });
  return missing.map(({ name }) => name);
}

async function countPartitions(admin: Admin, { name }: TopicDefinition): Promise<number | null> {
  const { topics: known } = await admin.fetchTopicMetadata({ topics: [name] });
  return known[0]?.partitions.length ?? null;
}

/**
 * Kafka creates the topic of committed offsets when the first group is looked for. Here that happens beside the other
 * topics; otherwise the first groups would wait for it.
 */
async function createOffsetsTopic(admin: Admin, logger: Logger): Promise<void> {
  try {
    await admin.describeGroups([clientId]);
  } catch (error) {
    // A client that may not see this group, for example: the groups themselves create it as well.
    logger.debug({ detail: detailOf(error) }, 'topics.no-coordinator');
  }
}

// Delivery reads a subscription's attempts, ordering changelog and superseded commands from the partition number of its
// deliveries.
function assertPartitionedAlike(counts: ReadonlyMap<string, number>): void {
  const { deliveries, attempts, orderingChangelog, supersededCommands } = topics;
  const alike = [deliveries, attempts, orderingChangelog, supersededCommands].filter(({ name }) =>
    counts.has(name),
  );
  const found = alike.map(({ name }) => `${name} ${counts.get(name)}`);
  if (new Set(alike.map(({ name }) => counts.get(name))).size <= 1) return;
  const message = `topics that must have the same number of partitions differ: ${found.join(', ')}; add partitions to the smaller ones while nothing runs`;
  throw new AppError({ code: 'config-invalid', message });
}

function compareCounts(wanted: readonly TopicDefinition[], counts: ReadonlyMap<string, number>): string[] {
  return wanted.flatMap(({ name, partitions }) => {
    const found = counts.get(name) ?? 0;
    if (found >= partitions) return [];
    return [
      `${name} has ${found} partitions, ${partitions} are expected: it limits how many instances can share it`,
    ];
  });
}

async function checkOffsetsRetention(admin: Admin): Promise<string[]> {
  const name = 'offsets.retention.minutes';
  const { brokers } = await admin.describeCluster();
  const [broker] = brokers;
  if (broker === undefined) return [];
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [
        { type: kafkajs.ConfigResourceTypes.BROKER, name: String(broker.nodeId), configNames: [name] },
      ],
    });
    const found = Number(resources[0]?.configEntries.find((entry) => entry.configName === name)?.configValue);
    if (!(found < minOffsetsRetentionMinutes)) return [];
    return [
      `the brokers' ${name} is ${found}, at least ${minOffsetsRetentionMinutes} (30 days) is needed: when the stack is off for longer, it reads and delivers old records again; set it on every broker`,
    ];
  } catch (error) {
    return [
      `the brokers' ${name} cannot be read (${detailOf(error)}): make sure that it is at least ${minOffsetsRetentionMinutes}`,
    ];
  }
}
