import { describe, expect, it } from 'vitest';
import { type ServiceName, selectServices } from '../../services/server/src/select-services.ts';
import { resourcesOf } from './render.ts';
import { containerOf, ofKind, selects, type Texts, type Workload, workloadsOf } from './resource.ts';
import { valueSets } from './value-sets.ts';

type Peer = Readonly<{
  ipBlock?: Readonly<{ cidr: string; except?: readonly string[] }>;
  podSelector?: Readonly<{ matchLabels?: Texts }>;
  namespaceSelector?: unknown;
}>;
type Rule = Readonly<{
  ports?: readonly Readonly<{ port: number | string }>[];
  to?: readonly Peer[];
  from?: readonly Peer[];
}>;
type Policy = Readonly<{
  podSelector: Readonly<{ matchLabels: Texts }>;
  policyTypes: readonly string[];
  ingress?: readonly Rule[];
  egress: readonly Rule[];
}>;

const isOpen = ({ to, ports }: Rule): boolean => to === undefined && ports === undefined;
const toInternet = ({ to }: Rule): boolean =>
  to?.some(({ ipBlock }) => ipBlock?.cidr === '0.0.0.0/0') ?? false;
const portsOf = ({ ports = [] }: Rule): readonly (number | string)[] => ports.map(({ port }) => port);

const sets = Object.keys(valueSets).filter((set) => set !== 'no network policies');

describe.each(sets)('the network policies with %s', (set) => {
  const policies = ofKind<Policy>(resourcesOf(set), 'NetworkPolicy');
  const pods = workloadsOf(resourcesOf(set)).map((workload) => {
    const texts = new Map(containerOf(workload).env.map(({ name, value }) => [name, value ?? 'a secret']));
    const own = policies.filter(({ spec }) =>
      selects(spec.podSelector.matchLabels, workload.spec.template.metadata.labels),
    );
    return { workload, texts, own, services: selectServices({ SERVICES: texts.get('SERVICES') }) };
  });

  it('are one for each workload, in both directions', () => {
    for (const { own, workload } of pods) {
      expect(own.map(({ metadata }) => metadata.name)).toEqual([workload.metadata.name]);
      expect(own[0]?.spec.policyTypes).toEqual(['Ingress', 'Egress']);
    }
  });

  it('let only those into the internet that send to endpoints, and nobody to private addresses', () => {
    for (const { own, services } of pods) {
      const egress = own.flatMap(({ spec }) => spec.egress);
      expect(egress.filter(isOpen)).toEqual([]);
      const sends = services.includes('delivery') || services.includes('subscription');
      const internet = egress.filter(toInternet);
      expect(internet).toHaveLength(sends ? 1 : 0);
      for (const { ipBlock } of internet.flatMap(({ to = [] }) => to)) {
        if (ipBlock?.cidr === '0.0.0.0/0')
          expect(ipBlock.except).toEqual(expect.arrayContaining(['10.0.0.0/8', '169.254.0.0/16']));
      }
    }
  });

  it('let pods reach the stores that their settings name, and no other stores', () => {
    for (const { own, texts } of pods) {
      const ports = new Set(own.flatMap(({ spec }) => spec.egress.flatMap(portsOf)));
      const brokers = texts.get('KAFKA_BROKERS')?.split(',') ?? [];
      for (const broker of brokers) expect(ports).toContain(Number(broker.split(':')[1]));
      if (brokers.length === 0) expect(ports).not.toContain(9092);
      expect(ports.has(27_017)).toBe(texts.has('MONGODB_URI'));
      const s3 =
        texts.get('OBJECT_STORAGE') === 's3' ? (texts.get('S3_ENDPOINT') ?? 'https://s3') : undefined;
      if (s3 !== undefined) expect(ports).toContain(Number(new URL(s3).port || 443));
      const otlp = texts.get('OTEL_EXPORTER_OTLP_ENDPOINT');
      if (otlp !== undefined) expect(ports).toContain(Number(new URL(otlp).port));
      // Tokens for Kafka.
      const tokens = texts.get('KAFKA_OAUTH_TOKEN_URL');
      if (tokens !== undefined) expect(ports).toContain(Number(new URL(tokens).port || 443));
      expect(ports).toContain(53);
    }
  });

  it('let Prometheus read the metrics of each pod, if it shall', () => {
    const { monitoring } = valueSets[set] as { monitoring?: unknown };
    for (const { own, services, workload } of pods) {
      const port = services.includes('console') ? 'operator' : (services[0] ?? '');
      const readers = own
        .flatMap(({ spec }) => spec.ingress ?? [])
        .filter(
          (rule) => portsOf(rule).includes(port) && rule.from?.some((peer) => 'namespaceSelector' in peer),
        );
      expect(readers, workload.metadata.name).toHaveLength(monitoring === undefined ? 0 : 1);
    }
  });

  it('let the job of the topics reach Kafka, also where nothing is allowed before the first installation', () => {
    for (const job of ofKind<Workload>(resourcesOf(set), 'Job')) {
      const texts = new Map(containerOf(job).env.map(({ name, value }) => [name, value]));
      const own = policies.filter(({ spec }) =>
        selects(spec.podSelector.matchLabels, job.spec.template.metadata.labels),
      );
      expect(own.map(({ metadata }) => metadata.name)).toEqual([job.metadata.name]);
      const ports = own.flatMap(({ spec }) => spec.egress.flatMap(portsOf));
      for (const broker of texts.get('KAFKA_BROKERS')?.split(',') ?? [])
        expect(ports).toContain(Number(broker.split(':')[1]));
      const tokens = texts.get('KAFKA_OAUTH_TOKEN_URL');
      if (tokens !== undefined) expect(ports).toContain(Number(new URL(tokens).port || 443));
      // Hooks run before every other resource is there; of hooks the one with the smaller weight is first.
      expect(own[0]?.metadata.annotations).toMatchObject({
        'helm.sh/hook': job.metadata.annotations?.['helm.sh/hook'],
        'helm.sh/hook-weight': '-1',
      });
    }
  });

  it('let pods that have the role of a pod reach the agent of EKS that gives it, and no others', () => {
    for (const { own, texts } of pods) {
      const reached = own.flatMap(({ spec }) =>
        spec.egress.filter(({ to = [] }) => to.some(({ ipBlock }) => ipBlock?.cidr === '169.254.170.23/32')),
      );
      const hasRole = texts.get('OBJECT_STORAGE') === 's3' && !texts.has('S3_ACCESS_KEY_ID');
      expect(reached.map(portsOf)).toEqual(hasRole ? [[80]] : []);
    }
  });

  it('let the console reach every service, and others the services of a pod only through it', () => {
    const console = pods.find(({ services }) => services.includes('console'));
    const labels = console?.workload.spec.template.metadata.labels ?? {};
    for (const { own, services, workload } of pods) {
      const callers = (name: ServiceName): readonly Peer[] =>
        own
          .flatMap(({ spec }) => spec.ingress ?? [])
          .filter((rule) => portsOf(rule).includes(name))
          .flatMap(({ from = [{}] }) => from);
      for (const name of services.filter((one) => one !== 'console')) {
        const chosen = callers(name)[0]?.podSelector?.matchLabels ?? { none: '' };
        expect(selects(chosen, labels), `${workload.metadata.name} ${name}`).toBe(true);
        if (workload === console?.workload) continue;
        const reached = console?.own.flatMap(({ spec }) =>
          spec.egress.filter((rule) => portsOf(rule).includes(name)).flatMap(({ to = [] }) => to),
        );
        expect(
          reached?.some(({ podSelector }) =>
            selects(podSelector?.matchLabels ?? { none: '' }, workload.spec.template.metadata.labels),
          ),
        ).toBe(true);
      }
    }
  });
});

it('the ports that brokers advertise beside those of the settings are reached', () => {
  const policies = ofKind<Policy>(resourcesOf('Kafka with tokens of an identity provider'), 'NetworkPolicy');
  for (const { metadata, spec } of policies) {
    const ports = spec.egress.flatMap(portsOf);
    const isOfKafka = ports.includes(9094);
    expect(ports.includes(9194), metadata.name).toBe(isOfKafka);
    expect(isOfKafka, metadata.name).toBe(metadata.name !== 'tidings-console');
  }
});
