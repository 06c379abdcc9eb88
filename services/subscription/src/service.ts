import { openAccess } from '@tidings/access';
import type { SubscriptionId } from '@tidings/contracts';
import { createEgress, operatorPolicy } from '@tidings/egress';
import { mountRoutes, serve } from '@tidings/http';
import { type Bus, openBus, openProducer, type Producer } from '@tidings/kafka';
import type { ServiceContext } from '@tidings/observability';
import { keyRing } from '@tidings/runtime';
import { apiKeyRoutes } from './access/adapters/api-key-routes.ts';
import { bootstrapTask, operatorRules } from './access/adapters/bootstrap-task.ts';
import { consumerRoutes } from './access/adapters/consumer-routes.ts';
import { consumeKeyUsage } from './access/adapters/kafka-key-usage.ts';
import { MongoKeyUsage } from './access/adapters/mongo-key-usage.ts';
import { openAccessDocuments } from './access/adapters/open-access-documents.ts';
import { workspaceRoutes } from './access/adapters/workspace-routes.ts';
import { openNoticeUrl } from './access/seal-notice.ts';
import { consumerFault, ensureConsumer, findRules, rulesOf } from './access/workspace-directory.ts';
import type { configSpec } from './config.ts';
import { consumeAttempts } from './endpoint-health/adapters/kafka-attempts.ts';
import { operationalEventPublisher } from './endpoint-health/adapters/kafka-operational-events.ts';
import { MongoHealthStore } from './endpoint-health/adapters/mongo-health-store.ts';
import { type WorkspaceRules, workspaceRules } from './endpoint-health/adapters/workspace-rules.ts';
import { createApplyHealthTransitions } from './endpoint-health/apply-health-transitions.ts';
import { AttemptCounter } from './endpoint-health/attempt-counter.ts';
import { NoticeSender } from './endpoint-health/notice-sender.ts';
import type { SendRequest } from './endpoint-health/ports.ts';
import { eventTypeRoutes } from './event-types/adapters/event-type-routes.ts';
import { openCatalogue } from './event-types/adapters/open-catalogue.ts';
import { eventTypeKind } from './event-types/event-type-kind.ts';
import { followTopics, type Reader } from './follow-topics.ts';
import type { MaintenanceTask } from './maintenance/create-maintenance-task.ts';
import { startMaintenance } from './maintenance/start-maintenance.ts';
import type { metricsCatalogue } from './metrics.ts';
import { auditRoutes } from './registry/adapters/audit-routes.ts';
import { type OpenRegistry, openRegistry } from './registry/adapters/open-registry.ts';
import type { Documents } from './registry/documents.ts';
import { endpointRule } from './subscriptions/adapters/endpoint-rules.ts';
import { filterRoutes } from './subscriptions/adapters/filter-routes.ts';
import { httpSender } from './subscriptions/adapters/http-sender.ts';
import { subscriptionRoutes } from './subscriptions/adapters/subscription-routes.ts';
import { webhooks } from './subscriptions/adapters/webhook-schemas.ts';
import type { Subscription } from './subscriptions/domain/subscription.ts';
import { endSecrets } from './subscriptions/end-secrets.ts';
import { queueTestDeliveries } from './subscriptions/queue-test-deliveries.ts';
import { SecretFactory } from './subscriptions/secret-factory.ts';
import { subscriptionKind } from './subscriptions/subscription-kind.ts';

// Enough for one or two runs of the attempt counter.
const countDrainMs = 3_000;
const queueTestDeliveriesTask = 'queue-tests';
const endSecretsEveryMs = 10_000;
const expireKeysEveryMs = 10 * 60_000;
const expiredKeysAtOnce = 1_000;

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

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
    countedVersionOf: (id) => subscriptions.topicVersions.countedVersionOf(id),
    policyOf: rules.policyOf,
    applyTransitions: createApplyHealthTransitions({
      ...subscriptions,
      publishEvents: operationalEventPublisher(producer),
      onPublished: (event) => {
        handles.transitions.inc({ type: event.type });
        notices.offer(event);
      },
    }),
    metrics: handles,
  });
  return { health, subscriptions, counter };
}

type TaskParts = Readonly<{
  counter: AttemptCounter;
  keys: OpenRegistry['keys'];
  producer: Producer;
}>;

const tasksOf = (
  { config, clock }: Context,
  subscriptions: Documents<Subscription>,
  { counter, keys, producer }: TaskParts,
): readonly MaintenanceTask[] => [
  { name: 'end-secrets', everyMs: endSecretsEveryMs, run: async () => endSecrets(subscriptions) },
  {
    name: queueTestDeliveriesTask,
    everyMs: config.sweepEveryMs,
    run: async () => queueTestDeliveries({ ...subscriptions, producer }),
  },
  { name: 'count-attempts', everyMs: config.countEveryMs, run: async () => counter.flush() },
  {
    name: 'expire-keys',
    everyMs: expireKeysEveryMs,
    run: async () => keys.sweepExpired(clock.nowMs(), expiredKeysAtOnce),
  },
];

type ReaderParts = Readonly<{ bus: Bus; counter: AttemptCounter; usage: MongoKeyUsage }>;

const readersOf = ({ config, logger }: Context, { bus, counter, usage }: ReaderParts): readonly Reader[] => [
  {
    name: 'attempts',
    group: config.healthGroup,
    drainMs: countDrainMs,
    open: async (group) => consumeAttempts(bus, counter, group),
  },
  {
    name: 'key-usage',
    group: `${config.healthGroup}-key-usage`,
    drainMs: countDrainMs,
    open: async (group) => consumeKeyUsage({ bus, usage, logger, group }),
  },
];

/**
 * Starts the registry. It serves requests as soon as MongoDB responds, with or without Kafka: the sweep later publishes
 * the versions that cannot be published at first.
 */
export async function startSubscription(context: Context): Promise<{ url: string }> {
  const { config, metrics, resources, clock } = context;
  const ring = keyRing(config.sealingKeys);
  const secretFactory = new SecretFactory(ring);
  const egress = createEgress({
    policy: operatorPolicy(config),
    clock,
    ...(config.loopId !== '' && { loopId: config.loopId }),
  });
  resources.add('egress', async () => egress.close());
  const send = httpSender(egress);
  const bus = await openBus(context);
  const producer = await openProducer(context, bus);
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
  const catalogue = openCatalogue(context, {
    bus,
    producer,
    eventTypes,
    isOpen: async (id) => (await findRules(documents, id))?.eventTypePolicy === 'open',
  });
  const tasks = [
    ...tasksOf(context, subscriptions, { counter, keys, producer }),
    bootstrapTask(context, documents, access),
  ];
  const maintenance = startMaintenance(context, kinds, tasks);
  const usage = new MongoKeyUsage(mongo.connection);
  const readers = [...readersOf(context, { bus, counter, usage }), catalogue.reader];
  await followTopics(context, { bus, tables: [access], kinds, maintenance, readers });
  mongo.onUp(maintenance.onRegistryUp);
  mongo.open();
  const checkEndpoint = endpointRule(egress);
  const registryRoutes = [
    ...filterRoutes({ catalogue }),
    ...eventTypeRoutes(eventTypes),
    ...consumerRoutes(documents.consumers),
    ...apiKeyRoutes({ ...documents, usage, ring }),
    ...workspaceRoutes({ ...documents.workspaces, ring, operator: operatorRules(config), checkEndpoint }),
    ...auditRoutes(
      registry.audit,
      kinds.map(({ kind }) => kind.name),
    ),
  ];
  const routes = subscriptionRoutes({
    ...subscriptions,
    endpointHealth: health,
    secretFactory,
    send,
    producer,
    onTestPending: () => maintenance.wake(queueTestDeliveriesTask),
    requestOrigin: config.requestOrigin,
    workspaces: {
      rulesOf: async (id) => rulesOf(documents, id),
      consumerFault: async (ref) => consumerFault(documents, ref),
      ensureConsumer: async (ref, by) => ensureConsumer(documents, ref, by),
    },
    catalogue,
    secretOverlapMs: config.secretOverlapMs,
    checkEndpoint,
  });
  const idempotency = {
    ...{ store: keys, ring, clock, logger: context.logger },
    onReplay: () => metrics.handles.responsesReplayed.inc({}),
  };
  const server = await serve(context, {
    routes: (app) =>
      mountRoutes(app, [...routes, ...registryRoutes], {
        authenticate: access.authenticate,
        requestsPerSecond: config.requestsPerSecond,
        idempotency,
        webhooks,
      }),
  });
  // The addresses on which this process listens are known only after the server has started.
  egress.setPolicy(operatorPolicy(config, [server.url]));
  return { url: server.url };
}
