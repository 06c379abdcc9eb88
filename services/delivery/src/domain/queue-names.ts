import { type DeliveryState, isReplayChain, type SubscriptionRecord } from '@tidings/contracts';
import type { OrderedQueue, SubscriptionBacklog } from './ordered-queues.ts';

/** Name of the queue that holds a whole subscription. */
export const wholeSubscriptionQueue = 'all';

const keyQueue = (orderingKey: string): string => `key:${orderingKey}`;

type OrderedState = Pick<DeliveryState, 'orderingKey' | 'chain'>;

// A replay is in order within itself. It does not wait for live events, nor they for it unless it holds them.
const replayPrefix = (chain: number): string => (isReplayChain(chain) ? `replay:${chain}:` : '');

/** Returns true for the name of a queue of the replay with this chain. */
export const isOfReplay = (name: string, chain: number): boolean => name.startsWith(replayPrefix(chain));

/** Returns true for a queue of live commands. */
export const isLive = ({ name }: Pick<OrderedQueue, 'name'>): boolean => !name.startsWith('replay:');

/**
 * Returns the queue that the subscription's ordering requires, or null for none. A subscription that is unknown, or
 * known in an older version than the command's, may turn out to be ordered: until then its commands wait in one queue.
 */
export const queueNameOf = (
  { subscriptionVersion, orderingKey, chain }: OrderedState & Pick<DeliveryState, 'subscriptionVersion'>,
  subscription: SubscriptionRecord | undefined,
): string | null => {
  const prefix = replayPrefix(chain);
  const whole = `${prefix}${wholeSubscriptionQueue}`;
  if (subscription === undefined || subscription.version < subscriptionVersion) return whole;
  switch (subscription.ordering) {
    case 'none':
      return null;
    case 'key':
      return orderingKey === null ? null : `${prefix}${keyQueue(orderingKey)}`;
    case 'subscription':
      return whole;
  }
};

/**
 * Returns the queue for a command whose subscription already has queues. A queue that is no longer required
 * is released when its head has ended; until then, commands that belong to it wait behind it.
 */
export const queueNameAmong = (
  { queues }: Pick<SubscriptionBacklog, 'queues'>,
  { orderingKey, chain }: OrderedState,
  wanted: string | null,
): string | null => {
  const prefix = replayPrefix(chain);
  const key = orderingKey === null ? null : `${prefix}${keyQueue(orderingKey)}`;
  if (key !== null && queues.has(key)) return key;
  const whole = `${prefix}${wholeSubscriptionQueue}`;
  return queues.has(whole) ? whole : wanted;
};
