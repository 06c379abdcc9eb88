import {
  allTopics,
  appRights,
  appTopics,
  consumerGroups,
  type KafkaService,
  kafkaServices,
  processRights,
  type TopicDefinition,
  topics,
} from '../../packages/contracts/src/index.ts';
import { bundledServer, tidingsProcesses } from '../../packages/local-stack/src/index.ts';
import type { ConfigSpec } from '../../packages/runtime/src/index.ts';
import { type ServiceName, serviceNames } from '../../services/server/src/select-services.ts';

/** The ports on which the services of a pod listen, the same in every form. */
export const servicePorts: Readonly<Record<ServiceName | 'operator', number>> = {
  console: 8080,
  operator: 8081,
  ingress: 8082,
  subscription: 8083,
  history: 8084,
  fanout: 8085,
  delivery: 8086,
};

/** Settings that the templates derive from other values, and those that only a Secret may have. */
const chartSettings = (specs: Specs): ReadonlySet<string> =>
  new Set([
    ...serviceNames.flatMap((name) => ['HOST', 'PORT', 'URL'].map((end) => `${name.toUpperCase()}_${end}`)),
    ...['CONSOLE_OPERATOR_HOST', 'CONSOLE_OPERATOR_PORT', 'TRUSTED_PROXIES', 'OWN_LISTENERS', 'LOOP_ID'],
    ...['KAFKA_BROKERS', 'MONGODB_URI', 'DANGEROUSLY_ALLOWED_NETWORKS', 'ALLOW_HTTP_ENDPOINTS', 'PORTAL_URL'],
    ...['WORKSPACE_ID', 'WORKSPACE_POLICY', 'INGRESS_SPOOL_DIR', 'INGRESS_SPOOL_MAX_BYTES'],
    ...['OBJECT_STORAGE', 'OBJECT_STORAGE_FOLDER', 'S3_BUCKET', 'S3_REGION', 'S3_ENDPOINT'],
    ...['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY', 'S3_PATH_STYLE'],
    ...Object.values(specs).flatMap((spec) =>
      Object.values(spec).flatMap(({ env, isSecret }) => (isSecret || isOfConnection(env) ? [env] : [])),
    ),
  ]);

// kafka.security and mongodb.ca set the others.
const isOfConnection = (env: string): boolean =>
  /^(KAFKA|MONGODB_TLS)_/.test(env) && env !== 'KAFKA_SERVER_NAME';

/** The settings of each service. */
export type Specs = Readonly<Record<ServiceName, ConfigSpec>>;

/** Reads the settings of every service from its code. */
export async function readSpecs(): Promise<Specs> {
  const entries = serviceNames.map(async (name) => {
    const module = (await import(`../../services/${name}/src/config.ts`)) as { configSpec: ConfigSpec };
    return [name, module.configSpec] as const;
  });
  return Object.fromEntries(await Promise.all(entries)) as Specs;
}

const topicData = ({ name, partitions, config }: TopicDefinition) => ({ name, partitions, config });

// The backlogs that more instances shorten. The retry topics are none: their records wait until they are due.
const backlogs: Readonly<Partial<Record<ServiceName, { group: string; topic: TopicDefinition }>>> = {
  fanout: { group: consumerGroups.fanout, topic: topics.events },
  delivery: { group: consumerGroups.delivery, topic: topics.deliveries },
  subscription: { group: consumerGroups.endpointHealth, topic: topics.attempts },
  history: { group: consumerGroups.history, topic: topics.attempts },
};

// The templates put the name of a worker application in its place.
const placeholder = 'APP';

const isKafkaService = (name: string): name is KafkaService => kafkaServices.some((known) => known === name);

/** The rights at the brokers of each process of a form. */
const usersOf = (form: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(form).flatMap(([name, services]) => {
    const members = services.filter(isKafkaService);
    return members.length === 0 ? [] : [[name, processRights(members)] as const];
  });

/**
 * Returns what the templates take from the code: services, their ports and settings, the forms, the arguments of Node,
 * topics, consumer groups and rights at the brokers.
 */
export function chartData(specs: Specs): unknown {
  const forms = (['split', 'together', 'separate'] as const).map(
    (form) =>
      [
        form,
        Object.fromEntries(
          tidingsProcesses(form).map(({ name, services }) => [name, services.map((service) => service.name)]),
        ),
      ] as const,
  );
  const services = serviceNames.map((name) => {
    const backlog = backlogs[name];
    return [
      name,
      {
        port: servicePorts[name],
        settings: Object.values(specs[name])
          .map(({ env }) => env)
          .sort(),
        ...(backlog && {
          backlog: {
            group: backlog.group,
            topic: backlog.topic.name,
            partitions: backlog.topic.partitions,
          },
        }),
      },
    ];
  });
  return {
    about: 'Written by `npm run docs:chart` from the code of the services and packages/contracts.',
    nodeArgs: bundledServer.nodeArgs,
    operatorPort: servicePorts.operator,
    services: Object.fromEntries(services) as Record<string, unknown>,
    forms: Object.fromEntries(forms),
    topics: allTopics.map(topicData),
    users: Object.fromEntries(forms.flatMap(([, form]) => usersOf(form))),
    apps: {
      topics: Object.values(appTopics(placeholder)).map(topicData),
      rights: appRights(placeholder),
      orders: appTopics(placeholder).commands.name,
    },
  };
}

type Schema = { $defs: { settings: { propertyNames: { enum: string[] } } } };

/** Returns the schema of the values with the names of all settings that `settings` may have. */
export function withSettingNames(schema: string, specs: Specs): string {
  const parsed = JSON.parse(schema) as Schema;
  const own = chartSettings(specs);
  const names = new Set(Object.values(specs).flatMap((spec) => Object.values(spec).map(({ env }) => env)));
  parsed.$defs.settings.propertyNames.enum = [...names].filter((name) => !own.has(name)).sort();
  return `${JSON.stringify(parsed, null, 2)}\n`;
}
