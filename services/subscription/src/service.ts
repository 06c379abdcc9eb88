import type { SubscriptionId } from '@tidings/contracts';
import { createEgress } from '@tidings/egress';
import { adminKeyAuthenticator, mountRoutes, serve } from '@tidings/http';
import { type Bus, connectKafka, kafkaMetrics } from '@tidings/kafka';
import { createMetrics, type ServiceContext } from '@tidings/observability';
import { keyRing } from '@tidings/runtime';
import type { configSpec } from './config.ts';
import { type Housekeeping, type HouseParts, startHousekeeping } from './keep-house.ts';
import type { metricsCatalogue } from './metrics.ts';
import { MongoConnection } from './registry/adapters/mongo-connection.ts';
import { MongoIdempotencyStore } from './registry/adapters/mongo-idempotency-store.ts';
import { LandedVersions } from './registry/domain/landed-versions.ts';
import { Outbox } from './registry/publish-version.ts';
import { endpointRule, headerRule, networkPolicy } from './subscriptions/adapters/endpoint-rules.ts';
import { filterRule } from './subscriptions/adapters/filter-rule.ts';
import { httpSender } from './subscriptions/adapters/http-sender.ts';
import { attemptRecorder, consumeAttempts } from './subscriptions/adapters/kafka-attempts.ts';
import {
  kafkaSubscriptionTopic,
  tailSubscriptions,
} from './subscriptions/adapters/kafka-subscription-topic.ts';
import { MongoHealthStore } from './subscriptions/adapters/mongo-health-store.ts';
import { MongoSubscriptionStore } from './subscriptions/adapters/mongo-subscription-store.ts';
import { subscriptionRoutes } from './subscriptions/adapters/subscription-routes.ts';
import { AttemptCounter } from './subscriptions/count-attempts.ts';
import { SecretMint } from './subscriptions/mint-secret.ts';

// A turn of counting or two.
const countDrainMs = 3_000;

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

function openRegistry({ config, logger, metrics, health, resources, clock }: Context) {
  const mongo = new MongoConnection({
    uri: config.mongodbUri,
    database: config.database,
    clock,
    logger,
    health: health.register('mongodb'),
  });
  const { connection } = mongo;
  const store = new MongoSubscriptionStore({ connection, logger, metrics: metrics.handles });
  const keys = new MongoIdempotencyStore(connection);
  const endpointHealth = new MongoHealthStore(connection);
  mongo.beforeUp(async () => store.createIndexes());
  mongo.beforeUp(async () => keys.createIndexes());
  resources.add('mongodb', async () => mongo.close());
  return { mongo, store, keys, endpointHealth };
}

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
  const producer = await bus.producer();
  return { bus, topic: kafkaSubscriptionTopic(producer), recordAttempt: attemptRecorder(producer) };
}

// Our own topic first: which attempts count follows from the versions on it.
async function readTopics(
  context: Context,
  bus: Bus,
  parts: Omit<HouseParts, 'landed' | 'counter'>,
): Promise<Housekeeping> {
  const { config, metrics, resources } = context;
  const landed = new LandedVersions();
  const enabledVersionOf = (id: SubscriptionId): number => landed.enabledVersionOf(id);
  const counter = new AttemptCounter({ health: parts.health, enabledVersionOf, metrics: metrics.handles });
  const housekeeping = startHousekeeping(context, { ...parts, landed, counter });
  const table = await tailSubscriptions({ bus, landed, onOvertaken: housekeeping.onOvertaken });
  resources.add('subscriptions table', async () => table.close());
  void table.ready().then(async () => {
    housekeeping.onTopicRead();
    const runner = await consumeAttempts(bus, counter, config.healthGroup);
    resources.add('attempts', async () => runner.close({ drainMs: countDrainMs }));
  });
  return housekeeping;
}

/**
 * Starts the registry. It serves as soon as MongoDB answers, with or without Kafka: what cannot be published then is
 * swept up later.
 */
export async function startSubscription(context: Context): Promise<{ url: string }> {
  const { config, logger, metrics, resources, clock } = context;
  const mint = new SecretMint(keyRing(config.sealingKeys));
  const egress = createEgress({ policy: networkPolicy(config), clock });
  resources.add('egress', async () => egress.close());
  const { mongo, store, keys, endpointHealth } = openRegistry(context);
  const { bus, topic, recordAttempt } = await openKafka(context);
  const outbox = new Outbox({
    store,
    topic,
    clock,
    logger,
    metrics: metrics.handles,
    waitMs: config.publishWaitMs,
  });
  resources.add('outbox', async () => outbox.close());
  const write = { store, outbox, clock, logger, metrics: metrics.handles };
  const parts = { write, keys, health: endpointHealth, topic, outbox };
  const { onRegistryUp } = await readTopics(context, bus, parts);
  mongo.onUp(onRegistryUp);
  mongo.open();
  const routes = subscriptionRoutes({
    ...write,
    keys,
    endpointHealth,
    mint,
    send: httpSender(egress),
    recordAttempt,
    maxPerWorkspace: config.maxPerWorkspace,
    secretOverlapMs: config.secretOverlapMs,
    checks: { checkEndpoint: endpointRule(egress), checkHeader: headerRule, checkFilter: filterRule },
    onReplay: () => metrics.handles.answersReplayed.inc({}),
  });
  const server = await serve(context, {
    routes: (app) => mountRoutes(app, routes, { authenticate: adminKeyAuthenticator(config) }),
  });
  return { url: server.url };
}
