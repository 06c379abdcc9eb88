import {
  eventId,
  type RefusalReason,
  refusalReasons,
  sourceId,
  type WebhookReceived,
  workspaceId,
} from '@tidings/contracts';
import { type ReceivedOutcome, type ReceivedWebhook, receivedOutcomes } from '../domain/received-webhook.ts';

/** A received webhook in MongoDB. Its id begins with its time, so that lists and ranges of time need no other field. */
export type ReceivedDocument = Readonly<{
  _id: string;
  at_ms: number;
  workspace_id: string;
  source_id: string;
  provider: string;
  /** The outcome, or the reason of a refusal: one index serves both filters. */
  result: string;
  /** The number of requests, if not one. */
  count?: number;
  bytes?: number;
  type?: string;
  events?: number;
  /** Absent without events. */
  event_ids?: readonly string[];
  /** Present if its events waited on the disk of ingress. */
  spooled?: true;
}>;

const isOutcome = (result: string): result is Exclude<ReceivedOutcome, 'refused'> =>
  result !== 'refused' && (receivedOutcomes as readonly string[]).includes(result);

/** Returns the results that an outcome includes. */
export const resultsOf = (outcome: ReceivedOutcome): readonly string[] =>
  outcome === 'refused' ? refusalReasons : [outcome];

/** Returns the document of a webhook. */
export const toDocument = (webhook: ReceivedWebhook): ReceivedDocument => ({
  _id: webhook.id,
  at_ms: webhook.atMs,
  workspace_id: webhook.workspaceId,
  source_id: webhook.sourceId,
  provider: webhook.provider,
  result: webhook.reason ?? webhook.outcome,
  ...(webhook.count === 1 ? {} : { count: webhook.count }),
  ...(webhook.bytes === null ? {} : { bytes: webhook.bytes }),
  ...(webhook.eventType === null ? {} : { type: webhook.eventType }),
  ...(webhook.events === 0 ? {} : { events: webhook.events, event_ids: webhook.eventIds }),
  ...(webhook.isSpooled === true && { spooled: true }),
});

/** Returns the webhook of a document. */
export const fromDocument = (document: ReceivedDocument): ReceivedWebhook => {
  const { result } = document;
  const end: Pick<WebhookReceived, 'reason'> & Pick<ReceivedWebhook, 'outcome'> = isOutcome(result)
    ? { outcome: result, reason: null }
    : { outcome: 'refused', reason: result as RefusalReason };
  return {
    id: document._id,
    atMs: document.at_ms,
    workspaceId: workspaceId(document.workspace_id),
    sourceId: sourceId(document.source_id),
    provider: document.provider,
    ...end,
    count: document.count ?? 1,
    bytes: document.bytes ?? null,
    eventType: document.type ?? null,
    events: document.events ?? 0,
    eventIds: (document.event_ids ?? []).map(eventId),
    ...(document.spooled === true && { isSpooled: true }),
  };
};
