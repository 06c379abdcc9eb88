import { decodeAttempt, decodeSuperseded, type SubscriptionId, topics } from '@tidings/contracts';
import type { Bus } from '@tidings/kafka';
import { AppError, type Clock, sleep } from '@tidings/runtime';
import type { DeliveryChains } from '../domain/delivery-chains.ts';
import type { DeliveryFacts, Span } from '../ports.ts';
import { ignoringPoison } from './ignoring-poison.ts';
import {
  deliveryPositions,
  readCommands,
  readQueued,
  readWaitingDeliveries,
} from './kafka-waiting-commands.ts';

const pollMs = 200;
const maxWaitMs = 30_000;

type Parts = Readonly<{ bus: Pick<Bus, 'readRange' | 'lag'>; eventGroup: string; clock: Clock }>;

/** Commands that delivery has not processed: in its topic after the offsets of its group, or in an ordered queue. */
const readWaiting = async ({ bus }: Parts, chains: DeliveryChains): Promise<void> => {
  const positions = await deliveryPositions(bus);
  await readCommands(bus, positions, ({ deliveryId }) => chains.underWay(deliveryId));
  const partitions = positions.map(({ partition }) => partition);
  for (const id of await readQueued(bus, partitions, (one) => chains.has(one))) chains.underWay(id);
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
  readWaiting: async (order) => readWaitingDeliveries(parts.bus, parts.eventGroup, order),
});
