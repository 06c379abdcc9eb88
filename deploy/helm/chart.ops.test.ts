import { describe, expect, it } from 'vitest';
import { chartFolder, helm, release, resourcesOf } from './render.ts';
import { ofKind, type Resource } from './resource.ts';
import { type Rendered, validate } from './validators.ts';
import { valueSets } from './value-sets.ts';

const sets = Object.keys(valueSets);

describe('the chart', () => {
  it('has no fault that helm lint finds', () => {
    for (const set of sets) {
      const args = ['lint', '--strict', chartFolder, '--kube-version', release.kubeVersion, '-f', '-'];
      const { code, output } = helm(args, valueSets[set]);
      expect(code, `${set}\n${output}`).toBe(0);
    }
  });

  it('renders resources that conform to the schemas of their kinds', async () => {
    const all = sets.flatMap((set) => resourcesOf(set).map((resource): Rendered => ({ set, resource })));
    expect(all.length).toBeGreaterThan(300);
    expect(await validate(all)).toEqual([]);
  });

  it.each([
    ['minimal', 'Deployment', 'replicaz'],
    ['KEDA', 'ScaledObject', 'minReplicaCountt'],
    ['monitoring', 'PodMonitor', 'selectorr'],
    ['Gateway', 'HTTPRoute', 'hostnamez'],
    ['secrets of a store', 'ExternalSecret', 'refresh'],
    ['Kafka by Strimzi', 'KafkaTopic', 'partitionCount'],
  ])('is checked so that of %s a %s with the unknown field %s is refused', async (set, kind, field) => {
    const [resource] = ofKind<object>(resourcesOf(set), kind);
    if (resource === undefined) throw new Error(`${set} renders no ${kind}`);
    const wrong: Resource = { ...resource, spec: { ...resource.spec, [field]: 1 } };
    const faults = await validate([{ set, resource: wrong }]);
    expect(faults.join('\n')).toContain(kind === 'KafkaTopic' ? 'additionalProperties' : field);
  });
});
