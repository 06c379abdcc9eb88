const text = { type: 'string', minLength: 1 } as const;
const fields = (properties: object, ...required: readonly string[]) => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
});

const metadata = fields({ name: text, labels: { type: 'object' }, annotations: { type: 'object' } }, 'name');
const inCluster = {
  ...metadata,
  properties: {
    ...metadata.properties,
    labels: { type: 'object', required: ['strimzi.io/cluster'], additionalProperties: { type: 'string' } },
  },
  required: ['name', 'labels'],
};
const resource = (kind: string, spec: object, meta: object = inCluster) =>
  fields(
    {
      apiVersion: { enum: ['kafka.strimzi.io/v1', 'kafka.strimzi.io/v1beta2'] },
      kind: { const: kind },
      metadata: meta,
      spec,
    },
    ...['apiVersion', 'kind', 'metadata', 'spec'],
  );
const amounts = { type: 'object', propertyNames: { enum: ['cpu', 'memory'] }, additionalProperties: text };
const spread = fields(
  {
    maxSkew: { type: 'integer', minimum: 1 },
    topologyKey: text,
    whenUnsatisfiable: { enum: ['ScheduleAnyway', 'DoNotSchedule'] },
    labelSelector: fields({ matchLabels: { type: 'object', additionalProperties: text } }),
  },
  ...['maxSkew', 'topologyKey', 'whenUnsatisfiable', 'labelSelector'],
);
const config = { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } };

const listener = fields(
  {
    name: { type: 'string', pattern: '^[a-z0-9]{1,11}$' },
    port: { type: 'integer', minimum: 9092 },
    type: { enum: ['internal', 'route', 'loadbalancer', 'nodeport', 'ingress', 'cluster-ip'] },
    tls: { type: 'boolean' },
    authentication: fields({ type: { enum: ['tls', 'scram-sha-512'] } }, 'type'),
  },
  ...['name', 'port', 'type', 'tls'],
);

const operations = ['Read', 'Write', 'Create', 'Delete', 'Alter', 'Describe', 'ClusterAction'].concat(
  ...['AlterConfigs', 'DescribeConfigs', 'IdempotentWrite', 'All'],
);
const acl = fields(
  {
    type: { enum: ['allow', 'deny'] },
    resource: fields(
      {
        type: { enum: ['topic', 'group', 'cluster', 'transactionalId'] },
        name: text,
        patternType: { enum: ['literal', 'prefix'] },
      },
      'type',
    ),
    host: text,
    operations: { type: 'array', items: { enum: operations }, minItems: 1 },
  },
  ...['resource', 'operations'],
);

/**
 * A strict schema of our own for the parts of Strimzi's resources that the chart uses, after its definitions of the
 * versions v1beta2 and v1: no package has them as schemas.
 */
export const strimziSchema = {
  oneOf: [
    resource(
      'Kafka',
      fields(
        {
          kafka: fields(
            {
              listeners: { type: 'array', items: listener, minItems: 1 },
              authorization: fields({ type: { const: 'simple' } }, 'type'),
              config,
            },
            'listeners',
          ),
          entityOperator: fields({ topicOperator: { type: 'object' }, userOperator: { type: 'object' } }),
        },
        'kafka',
      ),
      metadata,
    ),
    resource(
      'KafkaNodePool',
      fields(
        {
          replicas: { type: 'integer', minimum: 1 },
          roles: { type: 'array', items: { enum: ['broker', 'controller'] }, minItems: 1 },
          resources: fields({ requests: amounts, limits: amounts }),
          template: fields({ pod: fields({ topologySpreadConstraints: { type: 'array', items: spread } }) }),
          storage: fields(
            {
              type: { const: 'jbod' },
              volumes: {
                type: 'array',
                minItems: 1,
                items: fields(
                  {
                    id: { type: 'integer', minimum: 0 },
                    type: { enum: ['ephemeral', 'persistent-claim'] },
                    size: text,
                    class: text,
                    kraftMetadata: { const: 'shared' },
                    deleteClaim: { type: 'boolean' },
                  },
                  ...['id', 'type', 'size'],
                ),
              },
            },
            ...['type', 'volumes'],
          ),
        },
        ...['replicas', 'roles', 'storage'],
      ),
    ),
    resource(
      'KafkaTopic',
      fields(
        {
          partitions: { type: 'integer', minimum: 1 },
          replicas: { type: 'integer', minimum: 1, maximum: 32_767 },
          config,
          topicName: text,
        },
        ...['partitions', 'replicas'],
      ),
    ),
    resource(
      'KafkaUser',
      fields(
        {
          authentication: fields({ type: { enum: ['tls', 'tls-external', 'scram-sha-512'] } }, 'type'),
          authorization: fields(
            { type: { const: 'simple' }, acls: { type: 'array', items: acl, minItems: 1 } },
            ...['type', 'acls'],
          ),
        },
        'authentication',
      ),
    ),
  ],
};
