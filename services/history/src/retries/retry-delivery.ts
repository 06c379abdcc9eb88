import type { CreatedMessages } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import { type DeadLetter, settledEvent } from '../dead-letters/domain/dead-letter.ts';
import { deadLettersOf } from '../dead-letters/handle-dead-letter-recorded.ts';
import type {
  DeadLetterJournal,
  DeadLetterStore,
  KnownSubscription,
  KnownSubscriptions,
} from '../dead-letters/ports.ts';
import { type Delivery, documentKey } from '../deliveries/domain/delivery.ts';
import type { DeliveryStore } from '../deliveries/ports.ts';
import { type Erased, isDeliveryErased } from '../erasure/erasing-stores.ts';
import { inTrace } from '../trace-command.ts';
import { highestChainOf, waitingChainsOf } from './domain/chains.ts';
import { retryCommand } from './domain/retry-command.ts';
import type { ReadEvent, RequestedRetry, RetryStore, SendCommand } from './ports.ts';
import {
  type PendingRetry,
  receivingSubscriptionOf,
  refuse,
  refuseBehindHead,
  refuseErased,
  refuseInFlight,
  refuseTest,
  timeOf,
} from './refuse-retry.ts';
import { contentOf } from './retry-content.ts';

/** The dependencies of a retry. */
export type RetryParts = Readonly<{
  retries: RetryStore;
  deliveries: Pick<DeliveryStore, 'list'>;
  deadLetters: Pick<DeadLetterStore, 'read' | 'readContents' | 'settleFrom'>;
  journal: Pick<DeadLetterJournal, 'settle'>;
  subscriptions: KnownSubscriptions;
  erasures: Erased;
  readEvent: ReadEvent;
  send: SendCommand;
  clock: Clock;
}>;

/** The id of the request, which a repeat of it has too, the key that made it, and the messages of its trace. */
export type RetryRequest = Readonly<{ runId: string; by: string; messages?: CreatedMessages }>;

/**
 * A retry that is in the log. `isOutOfOrder`: the delivery belongs to an ordered queue and had ended, so it joins the
 * end of that queue.
 */
export type Retried = Readonly<{ delivery: Delivery; chain: number; isOutOfOrder: boolean }>;

/** Everything that decides on a retry. */
type Situation = Readonly<{
  subscription: KnownSubscription;
  deadLetters: readonly DeadLetter[];
  requested: RequestedRetry | null;
  pending: PendingRetry | null;
  /** True when this request was made before: it continues with its chain. */
  isRepeat: boolean;
}>;

const pendingOf = (
  delivery: Delivery,
  { deadLetters, requested }: Pick<Situation, 'deadLetters' | 'requested'>,
): PendingRetry | null => {
  const redriven = deadLetters.flatMap(({ id, state, taken, settled }) =>
    state === 'redriven' && taken !== null && settled !== null
      ? [{ chain: taken.chain, atMs: settled.atMs, what: `its dead letter '${id}' has been redriven` }]
      : [],
  );
  const retried =
    requested === null ? [] : [{ ...requested, what: `a retry was requested at ${timeOf(requested.atMs)}` }];
  const newest = [...redriven, ...retried].toSorted((a, b) => b.chain - a.chain)[0];
  return newest === undefined || newest.chain <= highestChainOf(delivery) ? null : newest;
};

const situationOf = async (parts: RetryParts, delivery: Delivery, runId: string): Promise<Situation> => {
  const subscription = receivingSubscriptionOf(parts.subscriptions, delivery);
  const [deadLetters, requested] = await Promise.all([
    parts.deadLetters.read(deadLettersOf(delivery)),
    parts.retries.find(documentKey(delivery)),
  ]);
  const isRepeat = requested?.runId === runId;
  const pending = pendingOf(delivery, { deadLetters, requested });
  return { subscription, deadLetters, requested, pending, isRepeat };
};

/** Reserves the next chain; a repeat of the same request gets its chain again. */
const reserveChain = async (
  { retries, clock }: RetryParts,
  delivery: Delivery,
  { requested, pending, deadLetters, isRepeat, runId }: Situation & Pick<RetryRequest, 'runId'>,
): Promise<number> => {
  if (requested !== null && isRepeat) return requested.chain;
  const ofDeadLetters = deadLetters.flatMap(({ ref }) => (ref.kind === 'delivery' ? [ref.chain] : []));
  const known = [highestChainOf(delivery), requested?.chain ?? 0, pending?.chain ?? 0, ...ofDeadLetters];
  const retry = { chain: Math.max(...known) + 1, runId, atMs: clock.nowMs() };
  if (await retries.replace(documentKey(delivery), requested, retry)) return retry.chain;
  throw refuse(`Delivery '${delivery.id}' has just been retried by another request.`);
};

/** Settles the waiting dead letters of the delivery, which is on its way again in the chain. */
const settleDeadLetters = async (
  { journal, deadLetters: store, clock }: RetryParts,
  deadLetters: readonly DeadLetter[],
  { by, chain }: Pick<RetryRequest, 'by'> & Readonly<{ chain: number }>,
): Promise<void> => {
  const taken = { jobId: '', chain };
  const waiting = deadLetters.filter(({ state }) => state === 'waiting').map((one) => ({ ...one, taken }));
  if (waiting.length === 0) return;
  const settlement = { how: 'redriven', by, reason: null, atMs: clock.nowMs() } as const;
  await journal.settle(waiting, settlement);
  await store.settleFrom(waiting.map((deadLetter) => settledEvent(deadLetter, settlement)));
};

/**
 * Retries a delivery: sends it again under the same `webhook-id`, at once and in its next chain, which takes the place
 * of a command that waits. One record in the log is the whole retry; see docs/adr/0018. Throws AppError `conflict` where
 * a retry is not possible now, and `unprocessable` if the body is not available any more.
 */
export const retryDelivery = async (
  parts: RetryParts,
  delivery: Delivery,
  { runId, by, messages }: RetryRequest,
): Promise<Retried> => {
  refuseTest(delivery);
  if (isDeliveryErased(parts.erasures, delivery)) throw refuseErased(delivery);
  const situation = await situationOf(parts, delivery, runId);
  const { subscription, deadLetters, pending, isRepeat } = situation;
  if (!isRepeat) refuseInFlight(delivery, { deadLetters, pending, nowMs: parts.clock.nowMs() });
  const content = await contentOf(parts, delivery, situation);
  const { ordering, version: subscriptionVersion } = subscription;
  const isOrdered = ordering === 'subscription' || (ordering === 'key' && content.state.orderingKey !== null);
  const isWaiting = waitingChainsOf(delivery).length > 0 || (pending !== null && !isRepeat);
  if (isOrdered && isWaiting) await refuseBehindHead(parts.deliveries, delivery, subscription);
  const chain = await reserveChain(parts, delivery, { ...situation, runId });
  // The first run of a request that is repeated may have taken the place of another retry.
  const supersedes = isWaiting || isRepeat;
  const command = retryCommand(delivery, content, { chain, supersedes, subscriptionVersion });
  await parts.send(inTrace(command, messages));
  await settleDeadLetters(parts, deadLetters, { by, chain });
  return { delivery, chain, isOutOfOrder: isOrdered && !isWaiting };
};
