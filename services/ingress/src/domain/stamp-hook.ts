import {
  deriveReceivedEventId,
  type HeaderFields,
  type LargeData,
  newEventId,
  type SourceRecord,
} from '@tidings/contracts';
import type { StampedEvent } from './stamp-event.ts';

/** One event of a webhook. `id`: the provider's own; null without one. */
type Hook = Readonly<{
  id: string | null;
  type: string;
  orderingKey: string | null;
  /** Empty if they are in the object storage. */
  data: Buffer;
  large?: LargeData;
}>;

/** The parts that the events of one webhook have in common. */
export type HookStamp = Readonly<{
  source: SourceRecord;
  /** Headers of the request, without credentials. */
  headers: HeaderFields;
  traceparent: string | null;
  nowMs: number;
}>;

/**
 * Assigns an id to an event that a source received: derived from the provider's, so that a repeat is the same event;
 * random without one.
 */
export const stampHook = (hook: Hook, { source, headers, traceparent, nowMs }: HookStamp): StampedEvent => {
  const { workspaceId, id: sourceId, audience, consumerId } = source;
  const event = {
    id:
      hook.id === null
        ? newEventId(nowMs)
        : deriveReceivedEventId({ workspaceId, sourceId, providersId: hook.id }),
    callerId: hook.id,
    workspaceId,
    consumerId: audience === 'addressed' ? consumerId : null,
    ...(audience === 'internal' && ({ audience: 'internal' } as const)),
    received: { sourceId, headers },
    eventType: hook.type,
    source: `/v1/sources/${sourceId}`,
    time: new Date(nowMs).toISOString(),
    orderingKey: hook.orderingKey,
    traceparent,
    ...(hook.large !== undefined && { large: hook.large }),
    data: hook.data,
  };
  return { event, isRepeatable: hook.id !== null };
};
