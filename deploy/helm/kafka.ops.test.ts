import { describe, expect, it } from 'vitest';
import {
  allTopics,
  appRights,
  appTopics,
  kafkaServices,
  processRights,
  type Right,
} from '../../packages/contracts/src/index.ts';
import { selectServices } from '../../services/server/src/select-services.ts';
import { resourcesOf } from './render.ts';
import {
  type Container,
  containerOf,
  ofKind,
  type Resource,
  type Texts,
  type Workload,
  workloadsOf,
} from './resource.ts';
import { valueSets } from './value-sets.ts';

type Acl = Readonly<{
  resource: Readonly<{ type: string; name?: string; patternType?: string }>;
  operations: readonly string[];
}>;
type User = Readonly<{ authorization: Readonly<{ acls: readonly Acl[] }> }>;
type Pool = Readonly<{
  template: Readonly<{
    pod: Readonly<{
      topologySpreadConstraints: readonly Readonly<{
        topologyKey: string;
        labelSelector: Readonly<{ matchLabels: Texts }>;
      }>[];
    }>;
  }>;
}>;
type Topic = Readonly<{ partitions: number; config: Readonly<Record<string, string>> }>;

const aclOf = ({ resource, name, pattern, operations }: Right): Acl =>
  resource === 'cluster'
    ? { resource: { type: 'cluster' }, operations }
    : { resource: { type: resource, name, patternType: pattern }, operations };

const textOf = ({ env }: Container, variable: string): string | undefined =>
  env.find(({ name }) => name === variable)?.value;

const kafkaPods = (set: string): readonly (Resource<Workload> & Readonly<{ spec: Workload }>)[] =>
  [...workloadsOf(resourcesOf(set)), ...ofKind<Workload>(resourcesOf(set), 'Job')].filter(
    (workload) => textOf(containerOf(workload), 'KAFKA_BROKERS') !== undefined,
  );

describe.each(Object.keys(valueSets))('the connections with %s', (set) => {
  it('read certificates where they are mounted, and mount no others', () => {
    for (const workload of [...workloadsOf(resourcesOf(set)), ...ofKind<Workload>(resourcesOf(set), 'Job')]) {
      const { env, volumeMounts } = containerOf(workload);
      const files = env
        .filter(({ name }) => name.endsWith('_FILE') || name === 'NODE_EXTRA_CA_CERTS')
        .map(({ value = '' }) => value);
      const { extraCa } = valueSets[set] as { extraCa?: unknown };
      expect(env.some(({ name }) => name === 'NODE_EXTRA_CA_CERTS')).toBe(extraCa !== undefined);
      const { volumes = [] } = workload.spec.template.spec;
      const mounted = volumeMounts.flatMap(({ name, mountPath, readOnly }) => {
        const items = volumes.find((volume) => volume.name === name)?.secret?.items ?? [];
        if (items.length > 0) expect(readOnly).toBe(true);
        return items.map(({ path }) => `${mountPath}/${path}`);
      });
      expect([...mounted].sort()).toEqual([...files].sort());
    }
  });
});

const strimziSets = Object.keys(valueSets).filter((set) => set.includes('Strimzi'));

describe.each(strimziSets)('%s', (set) => {
  const users = new Map(
    ofKind<User>(resourcesOf(set), 'KafkaUser').map(({ metadata, spec }) => [
      metadata.name,
      spec.authorization.acls,
    ]),
  );
  const { strimzi } = valueSets[set] as { strimzi: { apps?: readonly string[]; cluster?: string } };
  const apps = strimzi.apps ?? [];

  it('has the topics of the code, which stay when the release is removed', () => {
    const topics = ofKind<Topic>(resourcesOf(set), 'KafkaTopic');
    const wanted = [...allTopics, ...apps.flatMap((app) => Object.values(appTopics(app)))];
    expect(topics.map(({ metadata }) => metadata.name).sort()).toEqual(wanted.map(({ name }) => name).sort());
    for (const { name, partitions, config } of wanted) {
      const topic = topics.find(({ metadata }) => metadata.name === name);
      expect(topic?.spec).toMatchObject({ partitions, config });
      expect(topic?.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
    }
  });

  it('has brokers on different nodes and in different zones, where there are some', () => {
    for (const { metadata, spec } of ofKind<Pool>(resourcesOf(set), 'KafkaNodePool')) {
      const constraints = spec.template.pod.topologySpreadConstraints;
      expect(constraints.map(({ topologyKey }) => topologyKey)).toEqual([
        'topology.kubernetes.io/zone',
        'kubernetes.io/hostname',
      ]);
      for (const { labelSelector } of constraints)
        expect(labelSelector.matchLabels).toEqual({
          'strimzi.io/cluster': metadata.labels?.['strimzi.io/cluster'],
          'strimzi.io/pool-name': metadata.name,
        });
    }
  });

  it('has a user for each process, with the rights of its services and no others', () => {
    for (const workload of kafkaPods(set)) {
      const container = containerOf(workload);
      const user = textOf(container, 'KAFKA_USERNAME');
      expect(user).toBe(workload.metadata.name);
      const services = selectServices({ SERVICES: textOf(container, 'SERVICES') });
      const rights = processRights(
        kafkaServices.filter((name) => services.includes(name)),
        apps,
      );
      const acls = users.get(user ?? '') ?? [];
      // By the resources, since those of applications are added one by one.
      const granted = new Set(acls.map((acl) => JSON.stringify(acl)));
      expect(granted).toEqual(new Set(rights.map((right) => JSON.stringify(aclOf(right)))));
      expect(container.env.find(({ name }) => name === 'KAFKA_PASSWORD')?.valueFrom?.secretKeyRef).toEqual({
        name: user,
        key: 'password',
      });
    }
    for (const app of apps) expect(users.get(`tidings-app-${app}`)).toEqual(appRights(app).map(aclOf));
    expect(users.size).toBe(kafkaPods(set).length + apps.length);
  });
});
