import {
  DecodeError,
  type DeliveryId,
  decodeAttempt,
  decodeDelivery,
  decodeSuperseded,
  type SubscriptionId,
  topics,
} from '@tidings/contracts';
import type { Bus, IncomingRecord } from '@tidings/kafka';
import { AppError, type Clock, sleep } from '@tidings/runtime';
import type { DeliveryChains } from '../domain/delivery-chains.ts';
import type { DeliveryFacts, Span } from '../ports.ts';

const pollMs = 200;
const maxWaitMs = 30_000;

/** Group of the delivery service, which has not processed what is after its offsets. */
const deliveryGroup = 'tidings-delivery';

type Parts = Readonly<{ bus: Pick<Bus, 'readRange' | 'lag'>; eventGroup: string; clock: Clock }>;

const ignoringPoison = (read: (record: IncomingRecord) => void) => (record: IncomingRecord) => {
  try {
    read(record);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
};

/** Commands that delivery has not processed: in its topic after the offsets of its group, or in an ordered queue. */
const readWaiting = async ({ bus }: Parts, chains: DeliveryChains): Promise<void> => {
  const lags = await bus.lag(deliveryGroup, [topics.deliveries]);
  await bus.readRange({
    topic: topics.deliveries,
    partitions: lags.map(({ partition }) => partition),
    from: { offsets: new Map(lags.map(({ partition, committedOffset }) => [partition, committedOffset])) },
    onRecord: ignoringPoison((record) => chains.underWay(decodeDelivery(record).state.deliveryId)),
    service: 'fanout-replay',
  });
  const entries = new Map<string, boolean>();
  await bus.readRange({
    topic: topics.orderingChangelog,
    partitions: lags.map(({ partition }) => partition),
    from: { offsets: new Map() },
    onRecord: ({ key, value }) => {
      const delivery = key?.split('/')[1];
      if (key !== null && delivery !== undefined && chains.has(delivery)) entries.set(key, value !== null);
    },
    service: 'fanout-replay',
  });
  for (const [key, isThere] of entries) if (isThere) chains.underWay(key.split('/')[1] as DeliveryId);
};

const readAttempts = async (
  { bus }: Parts,
  chains: DeliveryChains,
  { sinceMs, subscriptions }: Readonly<{ sinceMs: number; subscriptions: ReadonlySet<SubscriptionId> }>,
): Promise<void> => {
  await bus.readRange({
    topic: topics.attempts,
    partitions: Array.from({ length: topics.attempts.partitions }, (_, at) => at),
    from: { timestampMs: sinceMs },
    onRecord: ignoringPoison((record) => {
      if (record.key === null || !subscriptions.has(record.key as SubscriptionId)) return;
      const attempt = decodeAttempt(record);
      if (attempt.trigger !== 'test') chains.attempted(attempt);
    }),
    service: 'fanout-replay',
  });
};

/** Commands whose place a retry has taken: they may still wait, and are dropped when their time comes. */
const readSuperseded = async ({ bus }: Parts, chains: DeliveryChains): Promise<void> => {
  const topic = topics.supersededCommands;
  await bus.readRange({
    topic,
    partitions: Array.from({ length: topic.partitions }, (_, at) => at),
    from: { offsets: new Map() },
    onRecord: ignoringPoison((record) => {
      if (record.value === null || !chains.has(record.key?.split('/')[1] ?? '')) return;
      const { deliveryId, chain } = decodeSuperseded(record);
      chains.superseded(deliveryId, chain);
    }),
    service: 'fanout-replay',
  });
};

const isPassed = (lags: Awaited<ReturnType<Bus['lag']>>, span: Span): boolean =>
  lags.every(({ partition, committedOffset }) => committedOffset >= (span.get(partition)?.end ?? 0));

/**
 * Creates the reader of what is known about deliveries. In this order: a command leaves the deliveries topic and the
 * ordered queues only after its attempt is in the log, so none is missed on its way.
 */
export const createDeliveryFacts = (parts: Parts): DeliveryFacts => ({
  whenFannedOut: async (span, signal) => {
    const { bus, eventGroup, clock } = parts;
    const deadlineMs = clock.monotonicMs() + maxWaitMs;
    while (!signal.aborted && !isPassed(await bus.lag(eventGroup, [topics.events]), span)) {
      if (clock.monotonicMs() > deadlineMs) {
        const message = 'events of the span have not been fanned out yet';
        throw new AppError({ code: 'unavailable', message, retryable: true });
      }
      await sleep(clock, pollMs, signal);
    }
  },
  read: async (chains, of) => {
    await readWaiting(parts, chains);
    await readAttempts(parts, chains, of);
    await readSuperseded(parts, chains);
  },
});
