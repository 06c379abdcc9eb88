import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type KafkaConfig, securityOf } from '../../packages/kafka/src/index.ts';
import { loadConfig } from '../../packages/runtime/src/index.ts';
import { type ServiceName, selectServices, serviceNames } from '../../services/server/src/select-services.ts';
import { serviceEnvironment } from '../../services/server/src/service-environment.ts';
import { readText } from '../compose/compose-model.ts';
import { readSpecs } from './chart-data.ts';
import { resourcesOf } from './render.ts';
import {
  containerOf,
  type EnvEntry,
  labelOf,
  ofKind,
  type Scaling,
  type Workload,
  workloadsOf,
} from './resource.ts';
import { valueSets } from './value-sets.ts';

const secretTexts: Readonly<Record<string, string>> = {
  ADMIN_KEY: 'a-key-of-sixteen-characters',
  SEALING_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
  CONSOLE_SESSION_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
  MONGODB_URI: 'mongodb://tidings:secret@mongodb:27017/?authSource=admin',
};
// Read by every process, and by no service.
const ofTheProcess = ['SERVICES', 'LOG_LEVEL', 'NODE_EXTRA_CA_CERTS'].concat(
  ['EXPORTER_OTLP_ENDPOINT', 'EXPORTER_OTLP_HEADERS', 'TRACES_SAMPLER', 'TRACES_SAMPLER_ARG'].map(
    (name) => `OTEL_${name}`,
  ),
);

/** The environment as the process sees it, with texts in place of references to Secrets. */
const textsOf = (env: readonly EnvEntry[]): Record<string, string> =>
  Object.fromEntries(
    env.map(({ name, value }) => [name, value ?? secretTexts[name] ?? 'a-secret-of-25-characters']),
  );

describe.each(Object.keys(valueSets))('the pods with %s', (set) => {
  it('have each service once, with an environment that it accepts and no variable that nothing reads', async () => {
    const specs = await readSpecs();
    const running: ServiceName[] = [];
    for (const workload of workloadsOf(resourcesOf(set))) {
      const { env } = containerOf(workload);
      const texts = textsOf(env);
      const services = selectServices(texts);
      running.push(...services);
      const read = services.flatMap((name) => Object.values(specs[name]).map((setting) => setting.env));
      const known = new Set([...read, ...ofTheProcess]);
      expect(
        env.map(({ name }) => name).filter((name) => !known.has(name)),
        labelOf(workload),
      ).toEqual([]);
      for (const name of services) {
        const config = loadConfig(specs[name], serviceEnvironment(name, services, texts));
        // Refuses settings of TLS and the user that contradict each other.
        if ('kafkaBrokers' in config) securityOf(config as unknown as KafkaConfig);
      }
      expect(env).toHaveLength(Object.keys(texts).length);
    }
    expect([...running].sort()).toEqual([...serviceNames].sort());
  });

  it('have the secrets of their services only, and none as a text', async () => {
    const specs = await readSpecs();
    for (const workload of workloadsOf(resourcesOf(set))) {
      const { env } = containerOf(workload);
      const secret = new Set(
        selectServices(textsOf(env)).flatMap((name) =>
          Object.values(specs[name]).flatMap((setting) => (setting.isSecret ? [setting.env] : [])),
        ),
      );
      for (const { name, value } of env)
        if (secret.has(name) || name in secretTexts) expect(value, name).toBeUndefined();
    }
    expect(ofKind(resourcesOf(set), 'Secret')).toEqual([]);
    const configured = ofKind(resourcesOf(set), 'ConfigMap').flatMap(({ data }) => Object.keys(data ?? {}));
    expect(configured.filter((name) => !name.endsWith('.json'))).toEqual([]);
  });

  it('run without root and privileges, on a read-only file system, from a fixed image', () => {
    const { version } = JSON.parse(readText('package.json')) as { version: string };
    const pods = [...workloadsOf(resourcesOf(set)), ...ofKind<Workload>(resourcesOf(set), 'Job')];
    for (const { spec } of pods) {
      const { containers, securityContext, enableServiceLinks, volumes = [] } = spec.template.spec;
      const [container, ...others] = containers;
      expect(others).toEqual([]);
      expect(securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        privileged: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(enableServiceLinks).toBe(false);
      expect(container.image).toMatch(/@sha256:[0-9a-f]{64}$|:\d+\.\d+\.\d+$/);
      if (!container.image.includes('@')) expect(container.image).toContain(`:${version}`);
      expect(container.resources.requests).toHaveProperty('memory');
      const claims = (spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata);
      expect(container.volumeMounts.map(({ name }) => name).sort()).toEqual(
        [...volumes, ...claims].map(({ name }) => name).sort(),
      );
    }
  });

  it('keep files in volumes, and the spool in a folder of its own there', () => {
    for (const workload of workloadsOf(resourcesOf(set))) {
      const { env, volumeMounts } = containerOf(workload);
      const mounts = volumeMounts.map(({ mountPath }) => mountPath);
      const texts = new Map(env.map(({ name, value = '' }) => [name, value]));
      const objects = texts.get('OBJECT_STORAGE_FOLDER');
      if (objects !== undefined) expect(mounts).toContain(objects);
      // The root of a volume belongs to root. Ingress makes the folder of its spool private, so it must own that.
      const spool = texts.get('INGRESS_SPOOL_DIR');
      if (spool !== undefined) expect(mounts).toContain(dirname(spool));
      expect(workload.spec.template.spec.securityContext).toMatchObject({ fsGroup: 1000 });
    }
  });

  it('of several consoles do not start without keys that seal sessions for all of them', () => {
    for (const workload of workloadsOf(resourcesOf(set))) {
      const keys = containerOf(workload).env.find(({ name }) => name === 'CONSOLE_SESSION_KEYS');
      if (keys === undefined) continue;
      const scaled = ofKind<Scaling>(resourcesOf(set), 'HorizontalPodAutoscaler', 'ScaledObject').find(
        ({ spec }) => spec.scaleTargetRef.name === workload.metadata.name,
      )?.spec;
      const most = scaled?.maxReplicas ?? scaled?.maxReplicaCount ?? workload.spec.replicas ?? 0;
      expect(keys.valueFrom?.secretKeyRef.optional ?? false).toBe(most <= 1);
    }
  });

  it('send their spans as the values say', () => {
    const { otlp = {} } = valueSets[set] as { otlp?: { sampler?: string; ratio?: number; headers?: object } };
    for (const workload of workloadsOf(resourcesOf(set))) {
      const { env } = containerOf(workload);
      const texts = new Map(env.map(({ name, value }) => [name, value]));
      expect(texts.get('OTEL_TRACES_SAMPLER')).toBe(otlp.sampler);
      expect(texts.get('OTEL_TRACES_SAMPLER_ARG')).toBe(otlp.ratio?.toString());
      const headers = env.find(({ name }) => name === 'OTEL_EXPORTER_OTLP_HEADERS');
      expect(headers?.valueFrom?.secretKeyRef).toEqual(otlp.headers);
    }
  });

  it('have the time to drain', () => {
    for (const workload of workloadsOf(resourcesOf(set))) {
      const { seconds } = containerOf(workload).lifecycle.preStop.sleep;
      // A process drains for up to 20 s after SIGTERM.
      expect(workload.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(seconds + 20);
    }
  });
});
