import { encodeDelivery, topics } from '@tidings/contracts';
import type { Route } from '@tidings/http';
import { type Bus, type Erasures, openProducer, type Table } from '@tidings/kafka';
import { type ServiceContext, startInBackground } from '@tidings/observability';
import type { configSpec } from '../config.ts';
import type { DeadLetterJournal, DeadLetterStore, KnownSubscriptions } from '../dead-letters/ports.ts';
import type { Delivery } from '../deliveries/domain/delivery.ts';
import type { DeliveryStore } from '../deliveries/ports.ts';
import { isScanned } from '../deliveries/scanned-filters.ts';
import type { EventStore } from '../events/ports.ts';
import type { RunKind } from '../jobs/job-kind.ts';
import type { Jobs } from '../jobs/open-jobs.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { purgeExpired } from '../purge-expired.ts';
import { restInSteps } from '../rest-in-steps.ts';
import type { Retention } from '../retention.ts';
import { bulkRetryRoute } from './adapters/bulk-retry-route.ts';
import { createReadEvent, type PositionOf } from './adapters/logged-events.ts';
import { retryRoutes } from './adapters/retry-routes.ts';
import type { RetryStore } from './ports.ts';
import { type RetryRequest, retryDelivery } from './retry-delivery.ts';
import type { RetryEventParts } from './retry-event.ts';
import { retryKind } from './retry-kind.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** The parts of the service that retries use. */
export type RetryDependencies = Readonly<{
  retries: RetryStore;
  deliveries: DeliveryStore;
  deadLetters: DeadLetterStore;
  journal: Pick<DeadLetterJournal, 'settle'>;
  subscriptions: KnownSubscriptions & Pick<Table<unknown>, 'ready'>;
  jobs: Jobs;
  events: Pick<EventStore, 'find'>;
  retention: Retention;
  erasures: Pick<Erasures, 'covers'>;
}>;

// The caller gets 503 then; its repeat with the same Idempotency-Key continues with the same chain.
const publish = { deadlineMs: 10_000 } as const;
// The attempts of a retry are in the read model long before.
const keptMs = 7 * 86_400_000;

/** Registers the kind of jobs that retry many deliveries. They run once the subscriptions are known. */
const registerKind = (
  context: Context,
  parts: RetryEventParts,
  { subscriptions, jobs }: RetryDependencies,
): void => {
  let isReady = false;
  const retry = async (delivery: Delivery, request: RetryRequest) => retryDelivery(parts, delivery, request);
  const { deliveries: store } = parts;
  const deliveries = {
    read: async (some: Parameters<DeliveryStore['read']>[0]) => store.read(some),
    step: restInSteps(store, isScanned, context.clock),
  };
  jobs.kinds.register(retryKind({ ...parts, deliveries, retry, isReady: () => isReady }) as RunKind);
  startInBackground({ ...context, name: 'retries' }, async () => {
    await subscriptions.ready();
    isReady = true;
    jobs.wake();
  });
};

/** Opens retries: returns their routes, and registers the kind of jobs that retry many deliveries. */
export const openRetries = async (
  context: Context,
  bus: Bus,
  dependencies: RetryDependencies,
): Promise<readonly Route[]> => {
  const { events, jobs, retention, ...rest } = dependencies;
  const { config, logger, clock, resources } = context;
  const producer = await openProducer(context, bus);
  const positionOf: PositionOf = async ({ eventId, workspaceId }) => {
    const event = await events.find(eventId, { workspaceId, ownerId: null });
    return event?.position ?? null;
  };
  const parts = {
    ...rest,
    clock,
    readEvent: createReadEvent(bus, positionOf, (id) => retention.expiredBeforeMs(id, config.retentionMs)),
    send: async (command: Parameters<typeof encodeDelivery>[0]) => {
      await producer.publish({ topic: topics.deliveries, ...encodeDelivery(command) }, publish);
    },
  };
  const stopPurging = purgeExpired({
    ...{ name: 'retries', store: rest.retries, retentionMs: keptMs, intervalMs: config.sweepIntervalMs },
    ...{ clock, logger },
  });
  resources.add('retry purges', stopPurging);
  registerKind(context, parts, dependencies);
  const { redriveRate: ratePerSecond, maxRedriveRate: maxRatePerSecond } = config;
  const bulk = { ...jobs, deliveries: rest.deliveries, ratePerSecond, maxRatePerSecond };
  return [...retryRoutes(parts), bulkRetryRoute(bulk)];
};
