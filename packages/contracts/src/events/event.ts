import type { ConsumerId, EventId, SourceId, WorkspaceId } from '../ids/ids.ts';
import { consumerId, deriveEventId, eventId, isEventId, sourceId, workspaceId } from '../ids/ids.ts';
import type { HeaderFields } from '../wire/header-fields.ts';
import { compileSchema, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';
import { type LargeData, largeDataHeaders, largeDataIn } from './large-data.ts';
import { binaryFormOf } from './structured-event.ts';

/** Origin of an event that a third party sent: its source, and the headers of the request without credentials. */
export type Received = Readonly<{ sourceId: SourceId; headers: HeaderFields }>;

/** A domain event as the log holds it. `data` is the caller's JSON, byte for byte. */
export type EventAccepted = Readonly<{
  type: 'EventAccepted.v1';
  id: EventId;
  /** The caller's own id, if it gave one: stored so that people can find their event again. */
  callerId: string | null;
  workspaceId: WorkspaceId;
  /** The only consumer that may see it; null for a broadcast event. */
  consumerId: ConsumerId | null;
  /** Present: only subscriptions of the workspace itself that are `internal` receive it, and no consumer sees it. */
  audience?: 'internal';
  /** Present if a source received it. */
  received?: Received;
  eventType: string;
  source: string;
  /** RFC 3339 time of the event itself. */
  time: string;
  orderingKey: string | null;
  traceparent: string | null;
  /** Present if the data are in the object storage; `data` is empty then. */
  large?: LargeData;
  data: Buffer;
}>;

/** Returns the size of the data of an event, in bytes. */
export const dataBytesOf = ({ large, data }: Pick<EventAccepted, 'large' | 'data'>): number =>
  large?.bytes ?? data.length;

const headerFields = compileSchema<HeaderFields>('received headers', {
  type: 'object',
  additionalProperties: {
    oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }],
  },
});

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
    ce_audience: { const: 'internal' },
    ce_sourceid: shape.sourceId,
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
  if (event.audience !== undefined) headers['ce_audience'] = event.audience;
  if (event.received !== undefined) {
    headers['ce_sourceid'] = event.received.sourceId;
    headers['received-headers'] = JSON.stringify(event.received.headers);
  }
  if (event.large !== undefined) Object.assign(headers, largeDataHeaders(event.id, event.large));
  return {
    key: event.orderingKey ?? (options.isRepeatable ? event.id : null),
    headers,
    value: event.data,
  };
};

const receivedOf = (headers: Readonly<Record<string, string>>): Received | undefined => {
  const source = headers['ce_sourceid'];
  if (source === undefined) return undefined;
  const text = headers['received-headers'];
  const fields = text === undefined ? {} : headerFields(parseJson('received headers', text));
  return { sourceId: sourceId(source), headers: fields };
};

const jsonContentType = /^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;|$)/i;

/**
 * Decodes a record of the events topic, written by Tidings or any Kafka client, in binary or structured mode. A foreign `ce_id` becomes the caller's
 * id and the event id is derived from it, so a producer that repeats a record repeats the event. Throws DecodeError.
 * The first parser of `value` checks that it is JSON, not this function.
 */
export const decodeEvent = (given: WireRecord & Readonly<{ timestampMs: number }>): EventAccepted => {
  const record = binaryFormOf(given);
  const headers = eventHeaders(record.headers);
  const contentType = headers['content-type'];
  if (contentType !== undefined && !jsonContentType.test(contentType)) {
    throw new DecodeError('not a valid CloudEvents record', `content-type is '${contentType}', not JSON`);
  }
  const id = headers['ce_id'] as string;
  const workspace = headers['ce_workspaceid'] as string;
  const source = headers['ce_source'] as string;
  const isOurs = isEventId(id);
  const received = receivedOf(headers);
  // No JSON is empty, so the data of no other record are.
  const isEmpty = record.value === null || record.value.length === 0;
  const large = isEmpty ? largeDataIn(headers) : undefined;
  return {
    type: 'EventAccepted.v1',
    id: isOurs ? eventId(id) : deriveEventId({ workspaceId: workspace, source, callerId: id }),
    callerId: headers['ce_callerid'] ?? (isOurs ? null : id),
    workspaceId: workspaceId(workspace),
    consumerId: headers['ce_consumerid'] === undefined ? null : consumerId(headers['ce_consumerid']),
    ...(headers['ce_audience'] === 'internal' && { audience: 'internal' }),
    ...(received !== undefined && { received }),
    eventType: headers['ce_type'] as string,
    source,
    time: headers['ce_time'] ?? new Date(record.timestampMs).toISOString(),
    orderingKey: headers['ce_orderingkey'] ?? null,
    traceparent: headers['traceparent'] ?? null,
    ...(large !== undefined && { large }),
    data: record.value ?? Buffer.from(large === undefined ? 'null' : ''),
  };
};
