import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  appRights,
  appTopics,
  consumerGroups,
  type KafkaService,
  kafkaServices,
  ladder,
  type Right,
  serviceRights,
  topics,
} from '../../packages/contracts/src/index.ts';

// What a service may do is declared in one place, away from the code that does it. These tests compare both; that reading
// and writing are what they are declared to be is tested with brokers that refuse the rest (deploy/ops/secure-tests.mjs).

const root = join(import.meta.dirname, '../..');

const sourceOf = (service: string): string =>
  readdirSync(join(root, 'services', service, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(root, 'services', service, 'src', file), 'utf8'))
    .join('\n');

/** Topics that a service uses through a package. */
const throughPackages: readonly Readonly<{ call: string; topics: readonly (keyof typeof topics)[] }>[] = [
  { call: 'openAccess(', topics: ['access', 'keyUsage'] },
  { call: 'openErasures(', topics: ['erasures'] },
  { call: 'openSubscriptionTable<', topics: ['subscriptions'] },
  { call: 'runPartitions', topics: ['deadLetters'] },
];

/** The topics, as the keys of `topics` and `ladder`, that the source of a service names. */
const usedBy = (service: KafkaService): ReadonlySet<string> => {
  const source = sourceOf(service);
  const named = [...source.matchAll(/\btopics\.([a-z]\w*)/g)].map(([, key]) => key ?? '');
  const destructured = [...source.matchAll(/const \{ ([\w, ]+) \} = topics;/g)].flatMap(([, keys = '']) =>
    keys.split(', '),
  );
  const indirect = throughPackages.filter(({ call }) => source.includes(call)).flatMap((use) => use.topics);
  const rungs = /\bladder\b/.test(source) ? ['ladder'] : [];
  return new Set(
    [...named, ...destructured, ...indirect, ...rungs].filter((key) => key in topics || key === 'ladder'),
  );
};

const grantedTo = (rights: readonly Right[]): ReadonlySet<string> => {
  const names = new Set(rights.filter(({ resource }) => resource === 'topic').map(({ name }) => name));
  const keys = Object.entries(topics).flatMap(([key, { name }]) => (names.has(name) ? [key] : []));
  return new Set(ladder.every(({ topic }) => names.has(topic.name)) ? [...keys, 'ladder'] : keys);
};

const sorted = (keys: ReadonlySet<string>): readonly string[] => [...keys].toSorted();
const rights = serviceRights();

describe('rights of the services', () => {
  it.each(kafkaServices)('cover exactly the topics that %s uses', (service) => {
    expect(sorted(grantedTo(rights[service]))).toEqual(sorted(usedBy(service)));
  });

  it('name every topic and every group, and no topic for the console', () => {
    const all = Object.values(rights).flat();
    const named = (resource: Right['resource']): ReadonlySet<string> =>
      new Set(all.filter((right) => right.resource === resource).map(({ name }) => name));
    expect(sorted(grantedTo(all))).toEqual(sorted(new Set([...Object.keys(topics), 'ladder'])));
    expect(Object.values(consumerGroups).filter((group) => !named('group').has(group))).toEqual([]);
    expect(sourceOf('console')).not.toContain("from '@tidings/kafka'");
  });

  it('let no two services read as members of one group', () => {
    const members = kafkaServices.flatMap((service) =>
      rights[service].flatMap(({ resource, name, operations }) =>
        resource === 'group' && operations.includes('Read') ? [name] : [],
      ),
    );
    const overlapping = members.filter((name, at) =>
      members.some((other, otherAt) => at !== otherAt && other === name),
    );
    expect(overlapping).toEqual([]);
  });

  it('let history send orders to the named applications, and to no others', () => {
    const writes = (apps: readonly string[]): readonly string[] =>
      serviceRights(apps).history.flatMap(({ name, operations }) =>
        name.startsWith('tidings.chains.') ? [`${operations.join()} ${name}`] : [],
      );
    expect(writes([])).toEqual([]);
    expect(writes(['shop'])).toEqual([`Write ${appTopics('shop').commands.name}`]);
  });

  it('give an application nothing of another one, whose name may begin with its own', () => {
    const covers = ({ pattern, name }: Right, other: string): boolean =>
      pattern === 'literal' ? other === name : other.startsWith(name);
    const ofOther = appRights('shop-2').filter(({ name }) => name.includes('shop-2'));
    const covered = ofOther.filter((theirs) => appRights('shop').some((mine) => covers(mine, theirs.name)));
    expect(ofOther).toHaveLength(4);
    expect(covered).toEqual([]);
  });
});
