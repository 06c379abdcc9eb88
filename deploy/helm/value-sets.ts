/** Values with which the chart is rendered and checked: every choice at least once. */
export const valueSets: Readonly<Record<string, unknown>> = {
  minimal: { kafka: { brokers: ['kafka:9092'] } },
  'one workload for each service': {
    form: 'separate',
    kafka: { brokers: ['kafka-1.example:9094', 'kafka-2.example:9095'] },
    components: {
      ingress: { replicas: 3, settings: { INGRESS_TARGET_WAIT: '80ms' } },
      delivery: {
        replicas: 4,
        settings: { DELIVERY_CONCURRENCY: '512' },
        nodeArgs: ['--max-old-space-size=768'],
      },
      fanout: { replicas: 2, disruptionBudget: { maxUnavailable: 2 } },
      console: { replicas: 2, resources: { requests: { cpu: '100m', memory: '128Mi' } } },
    },
  },
  'one workload': {
    form: 'together',
    kafka: { brokers: ['kafka:9092'] },
    components: { tidings: { settings: { INGRESS_MAX_LARGE_EVENT_BYTES: '10485760' } } },
  },
  'Kafka by Strimzi': {
    strimzi: { enabled: true },
    topics: { create: 'strimzi' },
  },
  'Kafka by Strimzi, each service with a user': {
    form: 'separate',
    strimzi: { enabled: true, apiVersion: 'v1beta2', brokers: 5, storage: { size: '500Gi', class: 'fast' } },
    topics: { create: 'strimzi' },
  },
  'a cluster of Strimzi that exists': {
    strimzi: { enabled: true, create: false, cluster: 'events' },
    topics: { create: 'strimzi' },
  },
  'Kafka by Strimzi, with worker applications and scaling': {
    strimzi: { enabled: true, apps: ['shop', 'billing'] },
    topics: { create: 'strimzi' },
    components: { pipeline: { autoscaling: { kind: 'keda' } } },
  },
  'Kafka with TLS and a user for each process': {
    kafka: {
      brokers: ['kafka-1.example:9094', 'kafka-2.example:9094'],
      security: {
        protocol: 'SASL_SSL',
        mechanism: 'SCRAM-SHA-512',
        ca: { secret: 'kafka-ca' },
        secrets: { pipeline: 'kafka-pipeline', management: 'kafka-management', topics: 'kafka-topics' },
      },
    },
    mongodb: { ca: { secret: 'mongodb-ca', key: 'ca-bundle.pem' } },
    components: { pipeline: { autoscaling: { kind: 'keda' } } },
  },
  'Kafka with tokens of an identity provider': {
    form: 'separate',
    kafka: {
      brokers: ['kafka.example:9094'],
      security: {
        protocol: 'SASL_SSL',
        mechanism: 'OAUTHBEARER',
        secret: 'kafka-client',
        oauth: { tokenUrl: 'https://id.example/token', scope: 'kafka' },
      },
    },
    components: { fanout: { autoscaling: { kind: 'keda' } } },
    extraCa: { secret: 'company-ca', key: 'bundle.pem' },
    networkPolicy: { kafka: { ports: [9194, 9195] } },
  },
  'Kafka with certificates': {
    kafka: {
      brokers: ['kafka.example:9094'],
      security: { protocol: 'SSL', ca: { secret: 'kafka-ca' }, certSecret: 'kafka-client' },
    },
    components: { pipeline: { autoscaling: { kind: 'keda' } } },
  },
  S3: {
    kafka: { brokers: ['kafka:9092'] },
    objects: {
      kind: 's3',
      s3: { bucket: 'tidings', endpoint: 'https://s3.example:8443', pathStyle: true, secret: 'tidings-s3' },
    },
    components: {
      pipeline: { settings: { INGRESS_MAX_LARGE_EVENT_BYTES: '10485760' } },
      management: { replicas: 2 },
    },
    networkPolicy: { s3: { to: [{ ipBlock: { cidr: '198.51.100.0/24' } }] } },
  },
  'S3 of AWS by the role of the pod': {
    kafka: { brokers: ['kafka:9092'] },
    objects: { kind: 's3', s3: { bucket: 'tidings', region: 'eu-central-1' } },
    serviceAccount: {
      token: true,
      annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/tidings' },
    },
  },
  'a shared volume': {
    form: 'separate',
    kafka: { brokers: ['kafka:9092'] },
    objects: { kind: 'pvc', pvc: { accessMode: 'ReadWriteMany', class: 'nfs', size: '100Gi' } },
    components: {
      history: { replicas: 2 },
      ingress: { settings: { INGRESS_MAX_LARGE_EVENT_BYTES: '1048576' } },
    },
  },
  'a volume that exists, no spool': {
    kafka: { brokers: ['kafka:9092'] },
    objects: { pvc: { existing: 'exports' } },
    spool: { kind: 'none' },
  },
  'nothing kept': {
    kafka: { brokers: ['kafka:9092'] },
    objects: { kind: 'ephemeral' },
    spool: { kind: 'ephemeral' },
    topics: { create: 'none' },
  },
  KEDA: {
    form: 'separate',
    kafka: { brokers: ['kafka:9092'] },
    defaults: { autoscaling: { kind: 'keda', maxReplicas: 12 } },
    objects: { kind: 's3', s3: { bucket: 'tidings' } },
    components: {
      console: { autoscaling: { kind: 'hpa' } },
      ingress: { autoscaling: { kind: 'hpa', minReplicas: 2, cpuPercent: 60 } },
      history: { settings: { HISTORY_GROUP: 'tidings-history-2' } },
    },
  },
  HPA: {
    kafka: { brokers: ['kafka:9092'] },
    components: { pipeline: { autoscaling: { kind: 'hpa', minReplicas: 2, maxReplicas: 6 } } },
  },
  'KEDA with two processes': {
    kafka: { brokers: ['kafka:9092'] },
    components: { pipeline: { autoscaling: { kind: 'keda', lag: 200, maxReplicas: 6 } } },
  },
  Ingress: {
    kafka: { brokers: ['kafka:9092'] },
    expose: {
      kind: 'ingress',
      host: 'webhooks.example.com',
      annotations: { 'cert-manager.io/cluster-issuer': 'letsencrypt' },
      ingress: { className: 'nginx', tlsSecret: 'webhooks-tls' },
    },
    console: { trustedProxies: ['uniquelocal'] },
    networkPolicy: {
      clients: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } }],
    },
  },
  Gateway: {
    form: 'separate',
    kafka: { brokers: ['kafka:9092'] },
    expose: {
      kind: 'gateway',
      host: 'webhooks.example.com',
      gateway: { name: 'public', namespace: 'gateways', section: 'https' },
    },
  },
  monitoring: {
    kafka: { brokers: ['kafka:9092'] },
    otlp: {
      endpoint: 'http://collector.observability:4318',
      sampler: 'traceidratio',
      ratio: 0.05,
      headers: { name: 'collector', key: 'headers' },
    },
    monitoring: {
      podMonitor: { enabled: true, labels: { release: 'prometheus' } },
      rules: { enabled: true, labels: { release: 'prometheus' } },
      dashboards: { enabled: true, annotations: { grafana_folder: 'Tidings' } },
    },
    networkPolicy: {
      monitoring: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
      otlp: {
        to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'observability' } } }],
      },
    },
  },
  'monitoring by Services': {
    form: 'separate',
    kafka: { brokers: ['kafka:9092'] },
    monitoring: { serviceMonitor: { enabled: true, interval: '30s', labels: { release: 'prometheus' } } },
  },
  'secrets of a store': {
    kafka: { brokers: ['kafka:9092'] },
    secrets: {
      mongodbUri: { name: 'mongodb-tidings', key: 'connectionString.standardSrv' },
      externalSecret: { enabled: true, store: { name: 'vault' }, remoteKey: 'webhooks/tidings' },
    },
  },
  'pods with names, places and networks of your own': {
    kafka: { brokers: ['kafka:9092'] },
    fullnameOverride: 'hooks',
    image: {
      repository: 'registry.example/tidings',
      digest: `sha256:${'a'.repeat(64)}`,
      pullSecrets: ['registry'],
    },
    endpoints: { allowHttp: true, allowedNetworks: ['10.20.0.0/16', 'fd00::/8'] },
    loopId: 'production',
    logLevel: 'warn',
    workspace: { id: 'ws_main', policy: 'open' },
    defaults: {
      podLabels: { team: 'payments' },
      podAnnotations: { 'example.com/owner': 'payments' },
      nodeSelector: { 'kubernetes.io/arch': 'amd64' },
      tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'webhooks', effect: 'NoSchedule' }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] }],
          },
        },
      },
      priorityClassName: 'high',
      spread: { topologyKeys: ['kubernetes.io/hostname'], whenUnsatisfiable: 'DoNotSchedule' },
      disruptionBudget: { enabled: false },
    },
    networkPolicy: {
      mongodb: { to: [{ podSelector: { matchLabels: { app: 'mongodb' } } }], ports: [27017, 27018] },
    },
  },
  'no network policies': { kafka: { brokers: ['kafka:9092'] }, networkPolicy: { enabled: false } },
};
