import { type Access, openAccess } from '@tidings/access';
import type { SubscriptionId } from '@tidings/contracts';
import { createEgress, type Egress, operatorPolicy } from '@tidings/egress';
import { mountRoutes, serve } from '@tidings/http';
import { type Bus, type Erasures, openBus, openErasures, openProducer, type Producer } from '@tidings/kafka';
import type { ServiceContext } from '@tidings/observability';
import { type KeyRing, keyRing } from '@tidings/runtime';
import { bootstrapTask } from './access/adapters/bootstrap-task.ts';
import { consumeKeyUsage } from './access/adapters/kafka-key-usage.ts';
import { MongoKeyUsage } from './access/adapters/mongo-key-usage.ts';
import { openAccessDocuments } from './access/adapters/open-access-documents.ts';
import { openNoticeUrl } from './access/seal-notice.ts';
import { findRules } from './access/workspace-directory.ts';
import type { configSpec } from './config.ts';
import { consumeAttempts } from './endpoint-health/adapters/kafka-attempts.ts';
import { operationalEventPublisher } from './endpoint-health/adapters/kafka-operational-events.ts';
import { MongoHealthStore } from './endpoint-health/adapters/mongo-health-store.ts';
import { type WorkspaceRules, workspaceRules } from './endpoint-health/adapters/workspace-rules.ts';
import { createApplyHealthTransitions } from './endpoint-health/apply-health-transitions.ts';
import { AttemptCounter } from './endpoint-health/attempt-counter.ts';
import { NoticeSender } from './endpoint-health/notice-sender.ts';
import { openCatalogue } from './event-types/adapters/open-catalogue.ts';
import { eventTypeKind } from './event-types/event-type-kind.ts';
import { followTopics, type Reader } from './follow-topics.ts';
import type { MaintenanceTask } from './maintenance/create-maintenance-task.ts';
import { endSecretsTask } from './maintenance/end-secrets-task.ts';
import { type Maintenance, startMaintenance } from './maintenance/start-maintenance.ts';
import { watchCertificatesTask } from './maintenance/watch-certificates-task.ts';
import type { metricsCatalogue } from './metrics.ts';
import { auditPublisher } from './registry/adapters/kafka-audit-topic.ts';
import { type OpenRegistry, openRegistry } from './registry/adapters/open-registry.ts';
import { createAuditErasures } from './registry/audit-erasures.ts';
import type { Documents } from './registry/documents.ts';
import { publishAudit } from './registry/publish-audit.ts';
import { registryRoutes } from './routes.ts';
import type { Source } from './sources/domain/source.ts';
import { sourceKind } from './sources/source-kind.ts';
import { endpointRule } from './subscriptions/adapters/endpoint-rules.ts';
import { httpSender } from './subscriptions/adapters/http-sender.ts';
import { webhooks } from './subscriptions/adapters/webhook-schemas.ts';
import type { Subscription } from './subscriptions/domain/subscription.ts';
import type { SendRequest } from './subscriptions/ports.ts';
import { queueTestDeliveries } from './subscriptions/queue-test-deliveries.ts';
import { subscriptionKind } from './subscriptions/subscription-kind.ts';

// Enough for one or two runs of the attempt counter.
const countDrainMs = 3_000;
const queueTestDeliveriesTask = 'queue-tests';
const publishAuditTask = 'publish-audit';
// A new entry starts a run at once: this is for what a crash or the brokers have left.
const publishAuditEveryMs = 30_000;
const auditErasuresTask = 'audit-erasures';
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
  sources: Documents<Source>;
  counter: AttemptCounter;
  keys: OpenRegistry['keys'];
  audit: OpenRegistry['audit'];
  erasures: Erasures;
  producer: Producer;
}>;

const tasksOf = (
  { config, clock }: Context,
  subscriptions: Documents<Subscription>,
  { sources, counter, keys, audit, erasures, producer }: TaskParts,
): readonly MaintenanceTask[] => [
  endSecretsTask(subscriptions, sources),
  watchCertificatesTask(subscriptions),
  {
    name: queueTestDeliveriesTask,
    everyMs: config.sweepEveryMs,
    run: async () => queueTestDeliveries({ ...subscriptions, producer }),
  },
  {
    name: publishAuditTask,
    everyMs: publishAuditEveryMs,
    run: async () => publishAudit({ audit, publish: auditPublisher(producer) }),
  },
  {
    name: auditErasuresTask,
    everyMs: publishAuditEveryMs,
    run: createAuditErasures({ audit, erasures }),
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

function openEgress({ config, clock, resources }: Context): Egress {
  const egress = createEgress({
    policy: operatorPolicy(config),
    clock,
    ...(config.loopId !== '' && { loopId: config.loopId }),
  });
  resources.add('egress', async () => egress.close());
  return egress;
}

type RegistryParts = Readonly<{
  ring: KeyRing;
  bus: Bus;
  producer: Producer;
  send: SendRequest;
  access: Access;
}>;

/** Opens the documents of all kinds and what works on them. */
function openDocuments(context: Context, { ring, bus, producer, send, access }: RegistryParts) {
  const registry = openRegistry(context, producer);
  const rules = workspaceRules({
    find: (id) => access.table.workspace(id),
    openUrl: (id, sealed) => openNoticeUrl(ring, id, sealed),
    defaults: context.config,
  });
  const { subscriptions, ...health } = openSubscriptions(context, { registry, producer, send, rules });
  const eventTypes = registry.documents(eventTypeKind);
  const sources = registry.documents(sourceKind);
  const documents = openAccessDocuments(registry);
  const catalogue = openCatalogue(context, {
    bus,
    producer,
    eventTypes,
    isOpen: async (id) => (await findRules(documents, id))?.eventTypePolicy === 'open',
  });
  const usage = new MongoKeyUsage(registry.mongo.connection);
  const kinds = [...Object.values(documents), subscriptions, eventTypes, sources];
  return { registry, ...health, subscriptions, eventTypes, sources, documents, catalogue, usage, kinds };
}

type Opened = ReturnType<typeof openDocuments>;

/** Starts maintenance and the readers, and connects to MongoDB. */
async function startWork(
  context: Context,
  { registry, subscriptions, sources, documents, catalogue, ...opened }: Opened,
  { bus, producer, access }: Pick<RegistryParts, 'bus' | 'producer' | 'access'>,
): Promise<Maintenance> {
  const { counter, usage, kinds } = opened;
  const { mongo, keys, audit } = registry;
  let onErasure = (): void => {};
  const erasures = await openErasures(bus, 'subscription', () => onErasure());
  context.resources.add('erasures', async () => erasures.close());
  const maintenance = startMaintenance(context, kinds, [
    ...tasksOf(context, subscriptions, { sources, counter, keys, audit, erasures, producer }),
    bootstrapTask(context, documents, access),
  ]);
  onErasure = () => maintenance.wake(auditErasuresTask);
  const readers = [...readersOf(context, { bus, counter, usage }), catalogue.reader];
  await followTopics(context, { bus, tables: [access], kinds, maintenance, readers });
  registry.onAudited(() => maintenance.wake(publishAuditTask));
  mongo.onUp(maintenance.onRegistryUp);
  mongo.open();
  return maintenance;
}

/**
 * Starts the registry. It serves requests as soon as MongoDB responds, with or without Kafka: the sweep later publishes
 * the versions that cannot be published at first.
 */
export async function startSubscription(context: Context): Promise<{ url: string }> {
  const { config, metrics, clock, logger } = context;
  const ring = keyRing(config.sealingKeys);
  const egress = openEgress(context);
  const send = httpSender(egress);
  const bus = await openBus(context);
  const producer = await openProducer(context, bus);
  const access = await openAccess(context, { bus, producer });
  const opened = openDocuments(context, { ring, bus, producer, send, access });
  const maintenance = await startWork(context, opened, { bus, producer, access });
  const routes = registryRoutes({
    ...{ ...opened, ring, producer, send, config },
    audit: opened.registry.audit,
    checkEndpoint: endpointRule(egress),
    onTestPending: () => maintenance.wake(queueTestDeliveriesTask),
  });
  const idempotency = {
    ...{ store: opened.registry.keys, ring, clock, logger },
    onReplay: () => metrics.handles.responsesReplayed.inc({}),
  };
  const { authenticate } = access;
  const { requestsPerSecond } = config;
  const server = await serve(context, {
    routes: (app) => mountRoutes(app, routes, { authenticate, requestsPerSecond, idempotency, webhooks }),
  });
  // The addresses on which this process listens are known only after the server has started.
  egress.setPolicy(operatorPolicy(config, [server.url]));
  return { url: server.url };
}
