import { type Access, openAccess } from '@tidings/access';
import { isEventTypeName, type SubscriptionId, type WorkspaceId, workspaceId } from '@tidings/contracts';
import { createEgress, operatorPolicy } from '@tidings/egress';
import { mountRoutes, serve } from '@tidings/http';
import { type Bus, connectKafka, kafkaMetrics, type Producer } from '@tidings/kafka';
import { createMetrics, type ServiceContext } from '@tidings/observability';
import { keyRing } from '@tidings/runtime';
import { apiKeyRoutes } from './access/adapters/api-key-routes.ts';
import { consumerRoutes } from './access/adapters/consumer-routes.ts';
import { consumeKeyUsage } from './access/adapters/kafka-key-usage.ts';
import { MongoKeyUsage } from './access/adapters/mongo-key-usage.ts';
import {
  type AccessDocuments,
  openAccessDocuments,
  readAccessRecords,
} from './access/adapters/open-access-documents.ts';
import { workspaceRoutes } from './access/adapters/workspace-routes.ts';
import type { OperatorRules } from './access/change-workspace.ts';
import { ensureBootstrap } from './access/ensure-bootstrap.ts';
import { openNoticeUrl } from './access/seal-notice.ts';
import { consumerFault, ensureConsumer, rulesOf } from './access/workspace-directory.ts';
import type { configSpec } from './config.ts';
import { eventTypeRoutes } from './event-types/adapters/event-type-routes.ts';
import { consumeSeenTypes, seenTypeReporter } from './event-types/adapters/kafka-seen-types.ts';
import { unknownEventFaults } from './event-types/check-event-names.ts';
import { limits } from './event-types/domain/limits.ts';
import { eventTypeKind } from './event-types/event-type-kind.ts';
import { noteSeenType } from './event-types/note-seen-type.ts';
import { type Chore, type Housekeeping, startHousekeeping } from './keep-house.ts';
import type { metricsCatalogue } from './metrics.ts';
import { auditRoutes } from './registry/adapters/audit-routes.ts';
import { type OpenRegistry, openRegistry, readTopics } from './registry/adapters/open-registry.ts';
import type { Documents } from './registry/documents.ts';
import type { Versioned } from './registry/domain/versioned.ts';
import { endpointRule, headerRule } from './subscriptions/adapters/endpoint-rules.ts';
import { filterRule } from './subscriptions/adapters/filter-rule.ts';
import { httpSender } from './subscriptions/adapters/http-sender.ts';
import { attemptRecorder, consumeAttempts } from './subscriptions/adapters/kafka-attempts.ts';
import { deliveryRequester } from './subscriptions/adapters/kafka-deliveries.ts';
import { operationalEventPublisher } from './subscriptions/adapters/kafka-operational-events.ts';
import { MongoHealthStore } from './subscriptions/adapters/mongo-health-store.ts';
import { subscriptionRoutes } from './subscriptions/adapters/subscription-routes.ts';
import { type WorkspaceRules, workspaceRules } from './subscriptions/adapters/workspace-rules.ts';
import { AttemptCounter } from './subscriptions/count-attempts.ts';
import type { Subscription } from './subscriptions/domain/subscription.ts';
import { endSecrets } from './subscriptions/end-secrets.ts';
import { SecretMint } from './subscriptions/mint-secret.ts';
import type { RequestDelivery, SendRequest } from './subscriptions/ports.ts';
import { queueTests } from './subscriptions/queue-tests.ts';
import { NoticeSender } from './subscriptions/send-notices.ts';
import { subscriptionKind } from './subscriptions/subscription-kind.ts';
import { createTellTransitions } from './subscriptions/tell-transitions.ts';

// A turn of counting or two.
const countDrainMs = 3_000;
const queueTestsName = 'queue-tests';
const endSecretsEveryMs = 10_000;
const expireKeysEveryMs = 10 * 60_000;
const bootstrapEveryMs = 10 * 60_000;
const expiredKeysAtOnce = 1_000;

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

async function openKafka({ config, logger, metrics, resources, clock, name }: Context) {
  const { handles } = createMetrics(kafkaMetrics, { service: name, registry: metrics.registry });
  const bus = await connectKafka({
    brokers: config.kafkaBrokers,
    clientId: `tidings-${name}`,
    logger,
    clock,
    metrics: handles,
  });
  resources.add('kafka', async () => bus.close());
  return { bus, producer: await bus.producer() };
}

type SubscriptionParts = Readonly<{
  registry: OpenRegistry;
  producer: Producer;
  send: SendRequest;
  rules: WorkspaceRules;
}>;

function openSubscriptions(context: Context, { registry, producer, send, rules }: SubscriptionParts) {
  const { logger, clock, metrics, resources } = context;
  const { handles } = metrics;
  const health = new MongoHealthStore(registry.mongo.connection);
  const subscriptions = registry.documents(subscriptionKind, {
    onPurge: async (id) => health.remove(id as SubscriptionId),
  });
  const notices = new NoticeSender({ targetOf: rules.noticeTargetOf, send, clock, logger, metrics: handles });
  resources.add('notices', () => notices.close());
  const counter = new AttemptCounter({
    health,
    enabledVersionOf: (id) => subscriptions.landed.enabledVersionOf(id),
    policyOf: rules.policyOf,
    tell: createTellTransitions({
      ...subscriptions,
      publishEvents: operationalEventPublisher(producer),
      onTold: (event) => {
        handles.transitions.inc({ type: event.type });
        notices.offer(event);
      },
    }),
    metrics: handles,
  });
  return { health, subscriptions, counter };
}

type ChoreParts = Readonly<{
  counter: AttemptCounter;
  keys: OpenRegistry['keys'];
  requestDelivery: RequestDelivery;
}>;

const choresOf = (
  { config, clock }: Context,
  subscriptions: Documents<Subscription>,
  { counter, keys, requestDelivery }: ChoreParts,
): readonly Chore[] => [
  { name: 'end-secrets', everyMs: endSecretsEveryMs, turn: async () => endSecrets(subscriptions) },
  {
    name: queueTestsName,
    everyMs: config.sweepEveryMs,
    turn: async () => queueTests({ ...subscriptions, requestDelivery }),
  },
  { name: 'count-attempts', everyMs: config.countEveryMs, turn: async () => counter.flush() },
  {
    name: 'expire-keys',
    everyMs: expireKeysEveryMs,
    turn: async () => keys.sweepExpired(clock.nowMs(), expiredKeysAtOnce),
  },
];

type Reading = Readonly<{
  bus: Bus;
  access: Pick<Access, 'ready'>;
  kinds: readonly Documents<Versioned>[];
  counter: AttemptCounter;
  housekeeping: Housekeeping;
  usage: MongoKeyUsage;
  /** Reads names that come up by themselves; answers what ends it. */
  readSeen(): Promise<() => Promise<void>>;
}>;

// Our own topics first: which attempts count follows from the versions on them.
async function readAll({ config, resources, logger }: Context, reading: Reading): Promise<void> {
  const { bus, access, kinds, counter, housekeeping, usage, readSeen } = reading;
  const tables = await readTopics(bus, kinds, housekeeping.onOvertaken);
  for (const table of tables) resources.add('own topic', async () => table.close());
  void Promise.all([...tables, access].map(async (table) => table.ready())).then(async () => {
    housekeeping.onTopicsRead();
    const runner = await consumeAttempts(bus, counter, config.healthGroup);
    resources.add('attempts', async () => runner.close({ drainMs: countDrainMs }));
    const uses = await consumeKeyUsage({ bus, usage, logger, group: `${config.healthGroup}-key-usage` });
    resources.add('key usage', async () => uses.close({ drainMs: countDrainMs }));
    resources.add('seen event types', await readSeen());
  });
}

const operatorRules = (config: Context['config']): OperatorRules => ({
  maxSubscriptions: config.maxPerWorkspace,
  disableAfterFailures: config.disableAfterFailures,
});

// The registry knows its keys whether or not the brokers can tell them back.
const bootstrapChore = ({ config, health }: Context, documents: AccessDocuments, access: Access): Chore => {
  const part = health.register('operator-key');
  return {
    name: 'bootstrap',
    everyMs: bootstrapEveryMs,
    turn: async () => {
      await ensureBootstrap({
        ...documents,
        settings: {
          adminKey: config.adminKey,
          workspaceId: workspaceId(config.workspaceId),
          eventTypePolicy: config.workspacePolicy,
          allowHttp: config.allowHttpEndpoints,
          ...operatorRules(config),
        },
      });
      access.learn(await readAccessRecords(documents));
      part.up();
    },
  };
};

/**
 * Starts the registry. It serves as soon as MongoDB answers, with or without Kafka: what cannot be published then is
 * swept up later.
 */
export async function startSubscription(context: Context): Promise<{ url: string }> {
  const { config, metrics, resources, clock } = context;
  const ring = keyRing(config.sealingKeys);
  const mint = new SecretMint(ring);
  const egress = createEgress({
    policy: operatorPolicy(config),
    clock,
    ...(config.loopId !== '' && { loopId: config.loopId }),
  });
  resources.add('egress', async () => egress.close());
  const send = httpSender(egress);
  const { bus, producer } = await openKafka(context);
  const access = await openAccess(context, { bus, producer });
  const rules = workspaceRules({
    find: (id) => access.table.workspace(id),
    openUrl: (id, sealed) => openNoticeUrl(ring, id, sealed),
    defaults: config,
  });
  const registry = openRegistry(context, producer);
  const { mongo, keys } = registry;
  const { health, subscriptions, counter } = openSubscriptions(context, { registry, producer, send, rules });
  const eventTypes = registry.documents(eventTypeKind);
  const documents = openAccessDocuments(registry);
  const kinds = [...Object.values(documents), subscriptions, eventTypes];
  const requestDelivery = deliveryRequester(producer);
  const tellSeen = seenTypeReporter(producer, context.logger);
  // A name from a workspace that is not there must hold up no other.
  const policyOf = async (id: WorkspaceId) =>
    (await documents.workspaces.store.findAnywhere(id))?.rules.eventTypePolicy ?? 'strict';
  const readSeen = async () =>
    consumeSeenTypes({
      bus,
      group: `${config.healthGroup}-seen-types`,
      note: async (seen) =>
        noteSeenType({ ...eventTypes, policyOf, maxSeen: limits.seenTypesPerWorkspace }, seen),
      clock,
      logger: context.logger,
    });
  const chores = [
    ...choresOf(context, subscriptions, { counter, keys, requestDelivery }),
    bootstrapChore(context, documents, access),
  ];
  const housekeeping = startHousekeeping(context, kinds, chores);
  const usage = new MongoKeyUsage(mongo.connection);
  await readAll(context, { bus, access, kinds, counter, housekeeping, usage, readSeen });
  mongo.onUp(housekeeping.onRegistryUp);
  mongo.open();
  const checkEndpoint = endpointRule(egress);
  const onReplay = () => metrics.handles.answersReplayed.inc({});
  const registryRoutes = [
    ...eventTypeRoutes(eventTypes),
    ...consumerRoutes(documents.consumers),
    ...apiKeyRoutes({ ...documents, usage, ring, once: { ...documents.apiKeys, keys }, onReplay }),
    ...workspaceRoutes({ ...documents.workspaces, ring, operator: operatorRules(config), checkEndpoint }),
    ...auditRoutes(
      registry.audit,
      kinds.map(({ kind }) => kind.name),
    ),
  ];
  const routes = subscriptionRoutes({
    ...subscriptions,
    keys,
    endpointHealth: health,
    mint,
    send,
    recordAttempt: attemptRecorder(producer),
    onTestOwed: () => housekeeping.wake(queueTestsName),
    requestOrigin: config.requestOrigin,
    workspaces: {
      rulesOf: async (id) => rulesOf(documents, id),
      consumerFault: async (place) => consumerFault(documents, place),
      ensureConsumer: async (place, by) => ensureConsumer(documents, place, by),
    },
    catalogue: {
      onListed: (id, events) => tellSeen(id, events.filter(isEventTypeName)),
      faultsOf: async (reach, events) => {
        if (events.length === 0 || (await policyOf(reach.workspaceId)) === 'open') return [];
        return unknownEventFaults(eventTypes.store, reach, events);
      },
    },
    secretOverlapMs: config.secretOverlapMs,
    checks: { checkEndpoint, checkHeader: headerRule, checkFilter: filterRule },
    onReplay,
  });
  const server = await serve(context, {
    routes: (app) =>
      mountRoutes(app, [...routes, ...registryRoutes], {
        authenticate: access.authenticate,
        requestsPerSecond: config.requestsPerSecond,
      }),
  });
  // Only now is it known where this process listens.
  egress.setPolicy(operatorPolicy(config, [server.url]));
  return { url: server.url };
}
