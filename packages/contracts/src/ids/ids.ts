import { hash, randomFillSync } from 'node:crypto';

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

export type EventId = Branded<string, 'EventId'>;
export type SubscriptionId = Branded<string, 'SubscriptionId'>;
export type DeliveryId = Branded<string, 'DeliveryId'>;
export type WorkspaceId = Branded<string, 'WorkspaceId'>;
export type ConsumerId = Branded<string, 'ConsumerId'>;
export type DeadLetterId = Branded<string, 'DeadLetterId'>;
export type SourceId = Branded<string, 'SourceId'>;
export type RunId = Branded<string, 'RunId'>;

/** Marks text that was validated at an edge. These functions make no check. */
export const eventId = (checked: string): EventId => checked as EventId;
/** See {@link eventId}. */
export const subscriptionId = (checked: string): SubscriptionId => checked as SubscriptionId;
/** See {@link eventId}. */
export const deliveryId = (checked: string): DeliveryId => checked as DeliveryId;
/** See {@link eventId}. */
export const workspaceId = (checked: string): WorkspaceId => checked as WorkspaceId;
/** See {@link eventId}. */
export const consumerId = (checked: string): ConsumerId => checked as ConsumerId;
/** See {@link eventId}. */
export const sourceId = (checked: string): SourceId => checked as SourceId;
/** See {@link eventId}. */
export const runId = (checked: string): RunId => checked as RunId;
/** See {@link eventId}. */
export const deadLetterId = (checked: string): DeadLetterId => checked as DeadLetterId;

const entropyPool = Buffer.allocUnsafe(4_096);
let entropyUsed = entropyPool.length;

const tenRandomBytes = (): string => {
  if (entropyUsed + 10 > entropyPool.length) {
    randomFillSync(entropyPool);
    entropyUsed = 0;
  }
  const hex = entropyPool.toString('hex', entropyUsed, entropyUsed + 10);
  entropyUsed += 10;
  return hex;
};

/** Returns 32 lower-case hex digits in UUIDv7 layout (RFC 9562 section 5.7), so that later ids sort later. */
const uuidV7Hex = (nowMs: number): string => {
  const random = tenRandomBytes();
  const variant = (0x8 | (Number.parseInt(random.charAt(4), 16) & 0x3)).toString(16);
  return `${nowMs.toString(16).padStart(12, '0')}7${random.slice(0, 3)}${variant}${random.slice(5)}`;
};

/** Creates an event id: `evt_` and a UUIDv7 without dashes. `nowMs` is epoch milliseconds. */
export const newEventId = (nowMs: number): EventId => eventId(`evt_${uuidV7Hex(nowMs)}`);

/** Creates a subscription id: `sub_` and a UUIDv7 without dashes. `nowMs` is epoch milliseconds. */
export const newSubscriptionId = (nowMs: number): SubscriptionId => subscriptionId(`sub_${uuidV7Hex(nowMs)}`);

/** Creates an API key id: `key_` and a UUIDv7 without dashes. `nowMs` is epoch milliseconds. */
export const newKeyId = (nowMs: number): string => `key_${uuidV7Hex(nowMs)}`;

/** Creates the id of a source: `src_` and a UUIDv7 without dashes. `nowMs` is epoch milliseconds. */
export const newSourceId = (nowMs: number): SourceId => sourceId(`src_${uuidV7Hex(nowMs)}`);

/** Creates the id of a received webhook: `rcv_` and a UUIDv7 without dashes. `nowMs` is epoch milliseconds. */
export const newReceivedId = (nowMs: number): string => `rcv_${uuidV7Hex(nowMs)}`;

/** Returns the smallest text that an id of {@link newReceivedId} of this time or later can be. */
export const firstReceivedId = (fromMs: number): string =>
  `rcv_${Math.max(0, Math.ceil(fromMs)).toString(16).padStart(12, '0')}`;

/** Returns the first 128 bits of SHA-256 over length-prefixed parts, so that no two lists of parts share a preimage. */
const digestOf = (parts: readonly string[]): string => {
  let framed = '';
  for (const part of parts) framed += `${Buffer.byteLength(part)}:${part}`;
  return hash('sha256', framed, 'hex').slice(0, 32);
};

/**
 * Derives the id of an event that its caller can repeat: the same workspace, source and caller's id (or
 * Idempotency-Key) always give the same event id, and no other workspace can ever give it.
 */
export const deriveEventId = (
  origin: Readonly<{ workspaceId: string; source: string; callerId: string }>,
): EventId => eventId(`evt_${digestOf([origin.workspaceId, origin.source, origin.callerId])}`);

/**
 * Derives the id of an event that a source received: the same workspace, source and provider's id always give the same
 * event id, and no published event can ever have it.
 */
export const deriveReceivedEventId = (
  origin: Readonly<{ workspaceId: WorkspaceId; sourceId: SourceId; providersId: string }>,
): EventId => eventId(`evt_${digestOf([origin.workspaceId, 'source', origin.sourceId, origin.providersId])}`);

/** Derives the id of an event at a subscription: the same on every attempt, duplicate and restart. */
export const deriveDeliveryId = (event: EventId, subscription: SubscriptionId): DeliveryId =>
  deliveryId(`dlv_${digestOf([event, subscription])}`);

/** Derives the new id that a delivery gets in a replay with new ids: the same however often the replay is resumed. */
export const deriveReplayDeliveryId = (
  event: EventId,
  subscription: SubscriptionId,
  jobId: string,
): DeliveryId => deliveryId(`dlv_${digestOf([event, subscription, jobId])}`);

/** Derives the id of the run that an event starts in a handler of a worker application: the same at each repeat. */
export const deriveRunId = (origin: Readonly<{ app: string; handler: string; eventId: EventId }>): RunId =>
  runId(`run_${digestOf([origin.app, origin.handler, origin.eventId])}`);

/** Derives the id of a dead letter from its identity (see DeadLetterRef). */
export const deriveDeadLetterId = (parts: readonly string[]): DeadLetterId =>
  deadLetterId(`dl_${digestOf(parts)}`);

const eventIdPattern = /^evt_[0-9a-f]{32}$/;

/** Returns true for text in the form that Tidings gives its own event ids. */
export const isEventId = (text: string): text is EventId => eventIdPattern.test(text);
