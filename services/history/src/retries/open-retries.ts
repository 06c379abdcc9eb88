import { encodeDelivery, topics } from '@tidings/contracts';
import type { Route } from '@tidings/http';
import { type Bus, openProducer } from '@tidings/kafka';
import type { ServiceContext } from '@tidings/observability';
import type { configSpec } from '../config.ts';
import type { DeadLetterJournal, DeadLetterStore, KnownSubscriptions } from '../dead-letters/ports.ts';
import type { DeliveryStore } from '../deliveries/ports.ts';
import type { EventStore } from '../events/ports.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { purgeExpired } from '../purge-expired.ts';
import { createReadEvent, type PositionOf } from './adapters/logged-events.ts';
import { retryRoutes } from './adapters/retry-routes.ts';
import type { RetryStore } from './ports.ts';
import type { RetryEventParts } from './retry-event.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** The parts of the service that retries use. */
export type RetryDependencies = Readonly<{
  retries: RetryStore;
  deliveries: DeliveryStore;
  deadLetters: DeadLetterStore;
  journal: Pick<DeadLetterJournal, 'settle'>;
  subscriptions: KnownSubscriptions;
  events: Pick<EventStore, 'find'>;
}>;

// The caller gets 503 then; its repeat with the same Idempotency-Key continues with the same chain.
const publish = { deadlineMs: 10_000 } as const;
// The attempts of a retry are in the read model long before.
const keptMs = 7 * 86_400_000;

/** Opens retries: returns their routes, and the parts that a bulk job needs to retry deliveries. */
export const openRetries = async (
  context: Context,
  bus: Bus,
  { events, ...rest }: RetryDependencies,
): Promise<Readonly<{ routes: readonly Route[]; parts: RetryEventParts }>> => {
  const { config, logger, clock, resources } = context;
  const producer = await openProducer(context, bus);
  const positionOf: PositionOf = async ({ eventId, workspaceId }) => {
    const event = await events.find(eventId, { workspaceId, ownerId: null });
    return event?.position ?? null;
  };
  const parts = {
    ...rest,
    clock,
    readEvent: createReadEvent(bus, positionOf),
    send: async (command: Parameters<typeof encodeDelivery>[0]) => {
      await producer.publish({ topic: topics.deliveries, ...encodeDelivery(command) }, publish);
    },
  };
  const stopPurging = purgeExpired({
    ...{ name: 'retries', store: rest.retries, retentionMs: keptMs, intervalMs: config.sweepIntervalMs },
    ...{ clock, logger, onPurged: () => {} },
  });
  resources.add('retry purges', stopPurging);
  return { routes: retryRoutes(parts), parts };
};
