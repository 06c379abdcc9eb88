import type { EventId, SourceId, WorkspaceId } from '../ids/ids.ts';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';

/**
 * The reasons why a source did not accept a webhook. Of the signature: the first six. incomplete: the body ended early.
 * empty: a verified list without items. overloaded: too many bodies at once. unavailable: the log did not acknowledge.
 */
export const refusalReasons = [
  'repeated-header',
  'missing-signature',
  'malformed-signature',
  'malformed-timestamp',
  'timestamp-out-of-range',
  'no-matching-signature',
  'content-type',
  'too-large',
  'incomplete',
  'empty',
  'overloaded',
  'unavailable',
] as const;
/** One of {@link refusalReasons}. */
export type RefusalReason = (typeof refusalReasons)[number];

/** Maximum number of event ids that a fact names; a webhook can have more events. */
export const maxReceivedEventIds = 20;

/**
 * A webhook that a source received, without its body and headers. checked: a request that only checks the endpoint. The
 * provider's id is that of the event, which an erasure covers, so it is not here.
 */
export type WebhookReceived = Readonly<{
  type: 'WebhookReceived.v1';
  /** Later facts of one process have larger ids. */
  id: string;
  atMs: number;
  workspaceId: WorkspaceId;
  sourceId: SourceId;
  provider: string;
  outcome: 'accepted' | 'checked' | 'refused';
  /** Null unless it was refused. */
  reason: RefusalReason | null;
  /** The number of requests: refusals of a source for one reason within a second are one fact. */
  count: number;
  /** Size of the body, of the first of several; null if it was not read. */
  bytes: number | null;
  /** Type of the event, of the first of several; null without one. */
  eventType: string | null;
  /** The number of its events. */
  events: number;
  /** The first {@link maxReceivedEventIds} of them. */
  eventIds: readonly EventId[];
  /** Present if its events waited on the disk of ingress: the fact was written when the log had them. */
  isSpooled?: true;
}>;

const check = compileSchema<WebhookReceived>(
  'WebhookReceived.v1',
  exactly(
    {
      type: { const: 'WebhookReceived.v1' },
      id: { type: 'string', pattern: '^rcv_[0-9a-f]{32}$' },
      atMs: shape.epochMs,
      workspaceId: shape.workspaceId,
      sourceId: shape.sourceId,
      provider: shape.text,
      outcome: { enum: ['accepted', 'checked', 'refused'] },
      // Later releases may know more.
      reason: shape.nullableText,
      count: { type: 'integer', minimum: 1 },
      bytes: { type: ['integer', 'null'], minimum: 0 },
      eventType: shape.nullableText,
      events: shape.count,
      eventIds: { type: 'array', maxItems: maxReceivedEventIds, items: shape.eventId },
    },
    { isSpooled: { const: true } },
  ),
);

/** Encodes a record of the received topic. Its key is the source, whose facts so stay in order. */
export const encodeWebhookReceived = (fact: WebhookReceived): WireRecord => ({
  key: fact.sourceId,
  headers: {},
  value: Buffer.from(JSON.stringify(fact)),
});

/** Decodes a record of the received topic. Throws DecodeError. */
export const decodeWebhookReceived = (record: WireRecord): WebhookReceived => {
  if (record.value === null) throw new DecodeError('not a valid WebhookReceived.v1', 'the value is missing');
  return check(parseJson('WebhookReceived.v1', record.value.toString('utf8')));
};
