import {
  type EventId,
  maxReceivedEventIds,
  newReceivedId,
  type SourceRecord,
  type WebhookReceived,
} from '@tidings/contracts';

/** The source of a webhook. */
export type ReceivedAt = Pick<SourceRecord, 'id' | 'workspaceId' | 'provider'>;

/** The events of an accepted webhook. */
export type AcceptedWebhook = Readonly<{
  bytes: number;
  eventType: string | null;
  eventIds: readonly EventId[];
}>;

/** Returns the fact about a request to a source, without details of what it had. */
export const factOf = (
  { id, workspaceId, provider }: ReceivedAt,
  outcome: WebhookReceived['outcome'],
  atMs: number,
): WebhookReceived => ({
  ...{ type: 'WebhookReceived.v1', id: newReceivedId(atMs), atMs, workspaceId, sourceId: id, provider },
  ...{ outcome, reason: null, count: 1, bytes: null, eventType: null, events: 0, eventIds: [] },
});

/** Returns the fact about a webhook whose events were accepted. */
export const acceptedFactOf = (
  source: ReceivedAt,
  { bytes, eventType, eventIds }: AcceptedWebhook,
  atMs: number,
): WebhookReceived => ({
  ...factOf(source, 'accepted', atMs),
  ...{ bytes, eventType, events: eventIds.length, eventIds: eventIds.slice(0, maxReceivedEventIds) },
});
