import type { TopicDefinition } from '@tidings/contracts';
import kafkajs, { type Admin } from 'kafkajs';
import { detailOf } from '../client/errors.ts';

/** Settings with which a topic works only as it is defined. Any other value of these breaks a guarantee. */
const exactSettings = new Set(['message.timestamp.type', 'cleanup.policy']);
/** Settings that may be larger than defined. A smaller value removes or refuses records that are needed. -1: without limit. */
const leastSettings = new Set([
  'retention.ms',
  'retention.bytes',
  'delete.retention.ms',
  'max.message.bytes',
]);

const unlimited = (text: string): number => (text === '-1' ? Infinity : Number(text));
const policies = (text: string): string => text.split(',').toSorted().join(',');

/** Returns a sentence with the action to take, or null if a topic works with the value that it has. */
function problemOf(
  topic: string,
  setting: string,
  values: Readonly<{ found: string; wanted: string }>,
): string | null {
  const { found, wanted } = values;
  const isAlike = exactSettings.has(setting)
    ? policies(found) === policies(wanted)
    : unlimited(found) >= unlimited(wanted);
  if (isAlike) return null;
  const needed = exactSettings.has(setting) ? wanted : `at least ${wanted}`;
  return `${topic} has ${setting} ${found}, ${needed} is needed: kafka-configs.sh --alter --topic ${topic} --add-config ${setting}=[${wanted}]`;
}

const comparedOf = ({ config }: TopicDefinition): readonly (readonly [string, string])[] =>
  Object.entries(config).filter(([setting]) => exactSettings.has(setting) || leastSettings.has(setting));

/**
 * Compares settings of topics with their definitions, as after a mirror that did not copy all of them: a retry topic without
 * `message.timestamp.type=LogAppendTime`, for example, waits by the clocks of those who write. Returns a sentence for each
 * setting with which a guarantee does not hold, or one that says why the settings cannot be read.
 */
export async function compareSettings(
  admin: Admin,
  topics: readonly TopicDefinition[],
): Promise<readonly string[]> {
  const compared = topics.filter((topic) => comparedOf(topic).length > 0);
  if (compared.length === 0) return [];
  const type = kafkajs.ConfigResourceTypes.TOPIC;
  const resources = compared.map((topic) => ({
    ...{ type, name: topic.name },
    configNames: comparedOf(topic).map(([setting]) => setting),
  }));
  try {
    const answer = await admin.describeConfigs({ includeSynonyms: false, resources });
    const found = new Map(answer.resources.map((one) => [one.resourceName, one.configEntries]));
    return compared.flatMap((topic) =>
      comparedOf(topic).flatMap(([setting, wanted]) => {
        const entry = found.get(topic.name)?.find(({ configName }) => configName === setting);
        if (entry === undefined) return [];
        return problemOf(topic.name, setting, { found: entry.configValue, wanted }) ?? [];
      }),
    );
  } catch (error) {
    return [
      `the settings of topics cannot be read (${detailOf(error)}): grant DescribeConfigs on them (create-topics.mjs --acls), or compare them with kafka-configs.sh`,
    ];
  }
}
