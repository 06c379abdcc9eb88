import {
  type AttemptRecorded,
  bodyFormats,
  type DeadLetterSettled,
  type DeliveryDeadLettered,
  type DeliveryRequested,
  type DeliveryState,
  type EventAccepted,
  type EventId,
  subscriptionId,
} from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { fakeClock } from '@tidings/runtime/testing';
import { anAttemptRecord, aSubscriptionRecord, builtAtMs } from '@tidings/testing/messages';
import { settledEvent } from '../../src/dead-letters/domain/dead-letter.ts';
import type { KnownSubscription } from '../../src/dead-letters/ports.ts';
import type { Delivery } from '../../src/deliveries/domain/delivery.ts';
import { handleAttemptRecorded } from '../../src/deliveries/handle-attempt-recorded.ts';
import { retryDelivery } from '../../src/retries/retry-delivery.ts';
import { type RetryEventParts, type RetryEventRequest, retryEvent } from '../../src/retries/retry-event.ts';
import { nothingErased } from '../builders.ts';
import { aCommandState, aDeadLetter, recorded, toStore } from '../dead-letters/dead-letter-builders.ts';
import { createMemoryDeadLetterStore } from '../dead-letters/memory-dead-letter-store.ts';
import { createMemoryDeliveryStore } from '../deliveries/memory-delivery-store.ts';
import { createMemoryRetryStore } from './memory-retry-store.ts';

/** The time of a test: an hour after all that the builders make. */
export const nowMs = builtAtMs + 3_600_000;

/** Returns the event of an attempt as the log has it. */
export const anEventOf = (id: EventId, over: Partial<EventAccepted> = {}): EventAccepted =>
  ({
    id,
    eventType: 'order.paid',
    source: '/orders',
    time: '2026-09-21T14:00:00.000Z',
    workspaceId: 'ws_demo',
    consumerId: null,
    orderingKey: null,
    callerId: null,
    traceparent: null,
    data: Buffer.from('{"n": 1.0, "text": "\u00e9"}'),
    ...over,
  }) as EventAccepted;

/** Retries over memory stores; the log is a map. */
export const createRetries = () => {
  const clock = fakeClock(nowMs);
  const deliveries = createMemoryDeliveryStore();
  const deadLetters = createMemoryDeadLetterStore();
  const retries = createMemoryRetryStore();
  const subscriptions = new Map<string, KnownSubscription>([['sub_1', aSubscriptionRecord()]]);
  const log = new Map<string, EventAccepted>();
  const commands: DeliveryRequested[] = [];
  const settled: DeadLetterSettled[] = [];
  const fault: { error: Error | null } = { error: null };
  const parts: RetryEventParts = {
    retries,
    deliveries,
    deadLetters,
    journal: {
      settle: async (some, settlement) => {
        settled.push(...some.map((deadLetter) => settledEvent(deadLetter, settlement)));
      },
    },
    subscriptions,
    erasures: nothingErased,
    readEvent: async ({ eventId }) => {
      const event = log.get(eventId);
      return event === undefined ? { oldestAtMs: builtAtMs + 60_000 } : { event, acceptedAtMs: builtAtMs };
    },
    send: async (command) => {
      commands.push(command);
      if (fault.error !== null) throw fault.error;
    },
    clock,
  };
  let offset = 0;
  return {
    ...{ clock, deliveries, deadLetters, retries, subscriptions, log, commands, settled, fault, parts },
    /** Projects attempt events, and adds their event to the log. Returns the delivery of the first. */
    attempt: async (...attempts: readonly AttemptRecorded[]): Promise<Delivery> => {
      await handleAttemptRecorded(deliveries, attempts);
      const [first = anAttemptRecord(1)] = attempts;
      if (!log.has(first.eventId)) log.set(first.eventId, anEventOf(first.eventId));
      const stored = await deliveries.read([{ id: first.deliveryId, eventId: first.eventId }]);
      const delivery = stored.get(first.deliveryId)?.delivery;
      if (delivery === undefined) throw new Error('not projected');
      return delivery;
    },
    deadLetter: async (over: Partial<DeliveryState> = {}, reason?: DeliveryDeadLettered['reason']) => {
      offset += 1;
      const body = Buffer.from('{"from":"a dead letter"}');
      const record = recorded(aDeadLetter(aCommandState(1, over), reason), { partition: 0, offset }, body);
      await deadLetters.insert([toStore(record)]);
      return { ref: toStore(record).deadLetter.ref, body };
    },
    retry: async (delivery: Delivery, runId = `run-${commands.length}`) =>
      retryDelivery(parts, delivery, { runId, by: 'key_1' }),
    retryEvent: async (eventId: EventId, over: Partial<RetryEventRequest> = {}) =>
      retryEvent(parts, {
        scope: { workspaceId: 'ws_demo' as never, ownerId: null },
        eventId,
        subscriptionIds: null,
        runId: 'run',
        by: 'key_1',
        ...over,
      }),
  };
};

/** Returns the code and the message of what a call throws. */
export const refusalOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
  } catch (error) {
    if (error instanceof AppError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error('it was not refused');
};

export const allFormats = bodyFormats;
export const aSubscriptionId = (n: number) => subscriptionId(`sub_${n}`);
