import type { ConsumerId, EventId, WorkspaceId } from '../ids/ids.ts';
import { consumerId, deriveEventId, eventId, isEventId, workspaceId } from '../ids/ids.ts';
import { compileSchema, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';

/** A domain event as the log holds it. `data` is the caller's JSON, byte for byte. */
export type EventAccepted = Readonly<{
  type: 'EventAccepted.v1';
  id: EventId;
  /** The caller's own id, if it gave one: stored so that people can find their event again. */
  callerId: string | null;
  workspaceId: WorkspaceId;
  /** The only consumer that may see it; null for a broadcast event. */
  consumerId: ConsumerId | null;
  eventType: string;
  source: string;
  /** RFC 3339 time of the event itself. */
  time: string;
  orderingKey: string | null;
  traceparent: string | null;
  data: Buffer;
}>;

const eventHeaders = compileSchema<Readonly<Record<string, string>>>('CloudEvents record', {
  type: 'object',
  properties: {
    ce_specversion: { const: '1.0' },
    ce_id: { type: 'string', minLength: 1, maxLength: 256 },
    ce_type: { type: 'string', pattern: '^[a-zA-Z0-9_]+(\\.[a-zA-Z0-9_]+)*$', maxLength: 128 },
    ce_source: { type: 'string', minLength: 1, maxLength: 256 },
    ce_time: { type: 'string', format: 'date-time' },
    ce_workspaceid: shape.workspaceId,
    ce_consumerid: { type: 'string', minLength: 1, maxLength: 128 },
    ce_orderingkey: { type: 'string', minLength: 1, maxLength: 256 },
    ce_callerid: { type: 'string', minLength: 1, maxLength: 256 },
    'content-type': { type: 'string' },
  },
  required: ['ce_specversion', 'ce_id', 'ce_type', 'ce_source', 'ce_workspaceid'],
});

/**
 * Encodes an event as a CloudEvents 1.0 record in Kafka binary mode. The key is the ordering key; otherwise the event
 * id if the caller can repeat the event (`isRepeatable`), so that repeats share a partition; otherwise none.
 */
export const encodeEvent = (
  event: Omit<EventAccepted, 'type'>,
  options: Readonly<{ isRepeatable: boolean }>,
): WireRecord => {
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: event.id,
    ce_type: event.eventType,
    ce_source: event.source,
    ce_time: event.time,
    ce_workspaceid: event.workspaceId,
    'content-type': 'application/json',
  };
  if (event.consumerId !== null) headers['ce_consumerid'] = event.consumerId;
  if (event.orderingKey !== null) headers['ce_orderingkey'] = event.orderingKey;
  if (event.callerId !== null) headers['ce_callerid'] = event.callerId;
  if (event.traceparent !== null) headers['traceparent'] = event.traceparent;
  return {
    key: event.orderingKey ?? (options.isRepeatable ? event.id : null),
    headers,
    value: event.data,
  };
};

const jsonContentType = /^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;|$)/i;

/**
 * Decodes a record of the events topic, written by Tidings or any Kafka client. A foreign `ce_id` becomes the caller's
 * id and the event id is derived from it, so a producer that repeats a record repeats the event. Throws DecodeError.
 * The first parser of `value` checks that it is JSON, not this function.
 */
export const decodeEvent = (record: WireRecord & Readonly<{ timestampMs: number }>): EventAccepted => {
  const headers = eventHeaders(record.headers);
  const contentType = headers['content-type'];
  if (contentType !== undefined && !jsonContentType.test(contentType)) {
    throw new DecodeError('not a valid CloudEvents record', `content-type is '${contentType}', not JSON`);
  }
  const id = headers['ce_id'] as string;
  const workspace = headers['ce_workspaceid'] as string;
  const source = headers['ce_source'] as string;
  const isOurs = isEventId(id);
  return {
    type: 'EventAccepted.v1',
    id: isOurs ? eventId(id) : deriveEventId({ workspaceId: workspace, source, callerId: id }),
    callerId: headers['ce_callerid'] ?? (isOurs ? null : id),
    workspaceId: workspaceId(workspace),
    consumerId: headers['ce_consumerid'] === undefined ? null : consumerId(headers['ce_consumerid']),
    eventType: headers['ce_type'] as string,
    source,
    time: headers['ce_time'] ?? new Date(record.timestampMs).toISOString(),
    orderingKey: headers['ce_orderingkey'] ?? null,
    traceparent: headers['traceparent'] ?? null,
    data: record.value ?? Buffer.from('null'),
  };
};
