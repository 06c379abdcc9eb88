import { describe, expect, it } from 'vitest';
import { topics } from '../../packages/contracts/src/index.ts';
import { servicePorts } from './chart-data.ts';
import { resourcesOf } from './render.ts';
import {
  containerOf,
  labelOf,
  ofKind,
  type Scaling,
  type Selecting,
  type ServiceSpec,
  selects,
  type Texts,
  workloadsOf,
} from './resource.ts';
import { valueSets } from './value-sets.ts';

const isServicePort = (name: string): name is keyof typeof servicePorts => name in servicePorts;

describe.each(Object.keys(valueSets))('the parts with %s', (set) => {
  const podsOf = (labels: Texts) =>
    workloadsOf(resourcesOf(set)).filter(({ spec }) => selects(labels, spec.template.metadata.labels));

  it('open and ask the ports on which the services listen', () => {
    for (const workload of workloadsOf(resourcesOf(set))) {
      const { ports, env, startupProbe, livenessProbe, readinessProbe } = containerOf(workload);
      const texts = new Map(env.map(({ name, value }) => [name, value]));
      for (const { name, containerPort } of ports) {
        expect(isServicePort(name) && servicePorts[name]).toBe(containerPort);
        const prefix = name === 'operator' ? 'CONSOLE_OPERATOR' : name.toUpperCase();
        expect(texts.get(`${prefix}_PORT`)).toBe(String(containerPort));
        expect(texts.get(`${prefix}_HOST`)).toBe('0.0.0.0');
      }
      const open = ports.map(({ name }) => name);
      for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe])
        expect(open).toContain(httpGet.port);
      expect([startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path)).toEqual([
        '/live',
        '/live',
        '/ready',
      ]);
    }
  });

  it('select the pods that they are for', () => {
    const resources = resourcesOf(set);
    for (const { spec } of workloadsOf(resources)) {
      expect(selects(spec.selector.matchLabels, spec.template.metadata.labels)).toBe(true);
      for (const { labelSelector } of spec.template.spec.topologySpreadConstraints ?? [])
        expect(labelSelector.matchLabels).toEqual(spec.selector.matchLabels);
    }
    for (const { spec, metadata } of ofKind<ServiceSpec>(resources, 'Service')) {
      const pods = podsOf(spec.selector);
      expect(pods.map((pod) => pod.metadata.name)).toEqual([metadata.name.replace(/-pods$/, '')]);
      const open = pods.flatMap((pod) => containerOf(pod).ports);
      for (const { targetPort, port } of spec.ports)
        expect(open).toContainEqual({ name: targetPort, containerPort: port });
    }
    for (const { spec, metadata } of ofKind<Selecting>(resources, 'PodDisruptionBudget', 'PodMonitor'))
      expect(podsOf(spec.selector.matchLabels).map((pod) => pod.metadata.name)).toEqual([metadata.name]);
  });

  it('are measured at a port that has metrics, under the job of the rules', () => {
    const resources = resourcesOf(set);
    for (const { kind, spec, metadata } of ofKind<Selecting>(resources, 'PodMonitor', 'ServiceMonitor')) {
      const { podMetricsEndpoints, endpoints, selector } = spec;
      // One Service of a StatefulSet, or each of its pods is measured twice.
      const services = ofKind<ServiceSpec>(resources, 'Service').filter(({ metadata: { labels } }) =>
        selects(selector.matchLabels, labels ?? {}),
      );
      const pods = podsOf(selector.matchLabels);
      const ports =
        kind === 'PodMonitor'
          ? pods.flatMap((pod) => containerOf(pod).ports)
          : services.flatMap((service) => service.spec.ports);
      for (const measured of kind === 'PodMonitor' ? [pods] : [services, pods])
        expect(measured.map((one) => one.metadata.name)).toEqual([metadata.name]);
      expect(podMetricsEndpoints ?? endpoints).toHaveLength(1);
      for (const { port, relabelings } of podMetricsEndpoints ?? endpoints ?? []) {
        expect(ports.map(({ name }) => name)).toContain(port);
        // The public port of the console has no metrics.
        expect(port).not.toBe('console');
        expect(relabelings).toContainEqual({
          targetLabel: 'job',
          replacement: 'tidings',
          action: 'replace',
        });
      }
    }
  });

  it('are scaled to no more than their topics have partitions, and by nobody else', () => {
    const partitions = new Map(Object.values(topics).map((topic) => [topic.name, topic.partitions]));
    for (const { spec } of ofKind<Scaling>(resourcesOf(set), 'HorizontalPodAutoscaler', 'ScaledObject')) {
      const { kind, name } = spec.scaleTargetRef;
      const target = workloadsOf(resourcesOf(set)).find(
        (workload) => labelOf(workload) === `${kind}/${name}`,
      );
      expect(target?.metadata.name).toBe(name);
      expect(target?.spec.replicas).toBeUndefined();
      for (const { metadata } of spec.triggers ?? [])
        expect(partitions.get(metadata['topic'] ?? '')).toBeGreaterThanOrEqual(spec.maxReplicaCount ?? 0);
    }
  });

  it('reach the services that they call by the names of Services', () => {
    const services = new Map(
      ofKind<ServiceSpec>(resourcesOf(set), 'Service').map(({ metadata, spec }) => [
        metadata.name,
        spec.ports.map(({ name, port }) => `${name}:${port}`),
      ]),
    );
    for (const workload of workloadsOf(resourcesOf(set))) {
      for (const { name, value } of containerOf(workload).env) {
        const service = /^([A-Z]+)_URL$/.exec(name)?.[1]?.toLowerCase();
        if (service === undefined || service === 'portal') continue;
        const { hostname, port } = new URL(value ?? '');
        expect(services.get(hostname), `${labelOf(workload)} ${name}`).toContain(`${service}:${port}`);
      }
    }
  });
});
