import { expect, it } from 'vitest';
import { chartFolder, helm, release, render } from './render.ts';

const kafka = { brokers: ['kafka:9092'] };
const secured = (security: object) => ({ kafka: { ...kafka, security } });
const scram = { protocol: 'SASL_SSL', mechanism: 'SCRAM-SHA-512' } as const;

it.each(['1-tidings', 'web.tidings'])(
  'the release name %s, of which no Service can be named, is refused',
  (name) => {
    const args = ['template', name, chartFolder, '--kube-version', release.kubeVersion, '-f', '-'];
    expect(helm(args, { kafka }).errors).toContain(`${name}: set fullnameOverride`);
    expect(helm(args, { kafka, fullnameOverride: 'hooks' }).code).toBe(0);
  },
);

it.each<readonly [string, unknown, string]>([
  ['no brokers', {}, 'kafka.brokers: set it to a list of host:port, or set strimzi.enabled'],
  [
    'a broker without a port',
    { kafka: { brokers: ['kafka'] } },
    "at '/kafka/brokers/0': 'kafka' does not match",
  ],
  [
    'brokers of two kinds',
    { kafka, strimzi: { enabled: true }, topics: { create: 'strimzi' } },
    'kafka.brokers: leave it empty with strimzi.enabled',
  ],
  ['a misspelt value', { kafka, replica: 2 }, "additional properties 'replica' not allowed"],
  [
    'a misspelt value of a component',
    { kafka, components: { pipeline: { replica: 2 } } },
    "at '/components/pipeline': additional properties 'replica' not allowed",
  ],
  [
    'a component of another form',
    { kafka, components: { delivery: { replicas: 2 } } },
    'components.delivery: the form split has the components management, pipeline',
  ],
  [
    'a setting that no service reads',
    { kafka, defaults: { settings: { DELIVERY_CONCURENCY: '5' } } },
    'value must be one of',
  ],
  [
    'a secret among the settings',
    { kafka, defaults: { settings: { ADMIN_KEY: 'x' } } },
    'value must be one of',
  ],
  ['a tag that changes', { kafka, image: { tag: 'latest' } }, "at '/image/tag': 'not' failed"],
  ['a digest that is none', { kafka, image: { digest: 'sha256:1' } }, "at '/image/digest'"],
  [
    'more instances than partitions',
    { kafka, components: { pipeline: { replicas: 13 } } },
    'components.pipeline: 13 instances are more than the 12 partitions of tidings.events',
  ],
  [
    'scaling beyond the partitions',
    { kafka, form: 'separate', components: { delivery: { autoscaling: { kind: 'keda', maxReplicas: 20 } } } },
    'components.delivery: 20 instances are more than the 12 partitions of tidings.deliveries',
  ],
  [
    'scaling by a lag that nothing has',
    { kafka, form: 'separate', components: { console: { autoscaling: { kind: 'keda' } } } },
    'components.console.autoscaling.kind: keda counts records that wait in Kafka, and console reads none; set hpa',
  ],
  [
    'scaling from more to fewer',
    { kafka, components: { pipeline: { autoscaling: { kind: 'hpa', minReplicas: 5, maxReplicas: 4 } } } },
    'components.pipeline.autoscaling: minReplicas 5 is above maxReplicas 4',
  ],
  [
    'scaling by CPU without a request',
    {
      kafka,
      defaults: { resources: { requests: { cpu: null } } },
      components: { pipeline: { autoscaling: { kind: 'hpa' } } },
    },
    'components.pipeline.resources.requests.cpu: set it',
  ],
  [
    'several instances with one disk',
    { kafka, components: { management: { replicas: 2 } } },
    'components.management: 2 instances share the exports; set objects.kind to s3',
  ],
  [
    'several instances with a disk each',
    { kafka, form: 'separate', objects: { kind: 'ephemeral' }, components: { history: { replicas: 2 } } },
    'components.history: 2 instances share the exports; set objects.kind to s3',
  ],
  [
    'a share of traces without a sampler',
    { kafka, otlp: { endpoint: 'http://collector:4318', ratio: 0.1 } },
    'otlp.ratio: set otlp.sampler to traceidratio or parentbased_traceidratio',
  ],
  [
    'metrics that are read twice',
    { kafka, monitoring: { podMonitor: { enabled: true }, serviceMonitor: { enabled: true } } },
    'monitoring: enable podMonitor or serviceMonitor, not both',
  ],
  [
    'a sampler without a collector',
    { kafka, otlp: { sampler: 'always_on' } },
    'otlp.endpoint: set it to the collector',
  ],
  [
    'large events without a shared storage',
    { kafka, components: { pipeline: { settings: { INGRESS_MAX_LARGE_EVENT_BYTES: '1048576' } } } },
    'INGRESS_MAX_LARGE_EVENT_BYTES: several pods need the data of large events',
  ],
  [
    'a bucket without a name',
    { kafka, objects: { kind: 's3' } },
    'objects.s3.bucket: set it for objects.kind s3',
  ],
  [
    'an Ingress without a host',
    { kafka, expose: { kind: 'ingress' } },
    'expose.host: set it for expose.kind ingress',
  ],
  [
    'a route without a gateway',
    { kafka, expose: { kind: 'gateway', host: 'a.example' } },
    'expose.gateway.name: set it to the Gateway',
  ],
  [
    'a store of secrets without a name',
    { kafka, secrets: { externalSecret: { enabled: true } } },
    'secrets.externalSecret: set store.name and remoteKey',
  ],
  [
    'topics of an operator that is not there',
    { kafka, topics: { create: 'strimzi' } },
    'needs strimzi.enabled',
  ],
  [
    'topics before their cluster',
    { strimzi: { enabled: true } },
    'topics.create: set it to strimzi; the job runs before the users',
  ],
  [
    'more copies than brokers',
    { strimzi: { enabled: true, brokers: 1 }, topics: { create: 'strimzi' } },
    'kafka.replicationFactor: 3 copies need as many brokers, and strimzi.brokers is 1',
  ],
  [
    'TLS and users beside those of an operator',
    { strimzi: { enabled: true }, topics: { create: 'strimzi' }, kafka: { security: { protocol: 'SSL' } } },
    'kafka.security: leave it as it is with strimzi.enabled, which sets TLS and users',
  ],
  [
    'users without a mechanism',
    secured({ protocol: 'SASL_SSL', secret: 'kafka-client' }),
    'kafka.security.mechanism: set it for kafka.security.protocol SASL_SSL',
  ],
  [
    'tokens of nobody',
    secured({ protocol: 'SASL_SSL', mechanism: 'OAUTHBEARER', secret: 'kafka-client' }),
    'kafka.security.oauth.tokenUrl: set it for kafka.security.mechanism OAUTHBEARER',
  ],
  [
    'a component without a user',
    secured({ ...scram, secrets: { management: 'kafka-management', topics: 'kafka-topics' } }),
    'kafka.security.secrets.pipeline: set it to the Secret with the user of pipeline, or kafka.security.secret to one for all',
  ],
  [
    'an authority without TLS',
    secured({ ...scram, protocol: 'SASL_PLAINTEXT', secret: 'kafka-client', ca: { secret: 'kafka-ca' } }),
    'kafka.security: ca and certSecret need a protocol with TLS, and protocol is SASL_PLAINTEXT',
  ],
  [
    'a spool that is larger than its volume',
    { kafka, spool: { maxBytes: 2 * 1024 ** 3 } },
    'spool.size: 2Gi is no more than spool.maxBytes, 2147483648 bytes',
  ],
  [
    'a label by which pods are selected',
    { kafka, defaults: { podLabels: { 'app.kubernetes.io/component': 'mine' } } },
    "at '/defaults/podLabels/app.kubernetes.io~1component'",
  ],
  [
    'a misspelt selector, which would select every pod',
    { kafka, networkPolicy: { clients: [{ podSelector: { matchLabel: { app: 'proxy' } } }] } },
    "at '/networkPolicy/clients/0/podSelector': additional properties 'matchLabel' not allowed",
  ],
  [
    'a network that is none',
    { kafka, endpoints: { allowedNetworks: ['10.0.0.0'] } },
    "at '/endpoints/allowedNetworks/0'",
  ],
])('%s is refused, with what is wrong', (_, values, message) => {
  expect(() => render(values)).toThrow(message);
});
