import { isUtf8 } from 'node:buffer';
import { dataRefOf, type Received } from '@tidings/contracts';
import { type DeliveryStatus, deliveryStatuses } from '../../deliveries/domain/delivery.ts';
import type { OutcomeCounts } from '../../deliveries/ports.ts';
import { audienceOf, type StoredEvent } from '../domain/event.ts';
import type { EventWithCounts } from '../list-events.ts';

/** Returns the numbers of deliveries as the API shows them. */
export const countsView = (counts: OutcomeCounts): Readonly<Record<'total' | DeliveryStatus, number>> => {
  const byStatus = deliveryStatuses.map((status) => [status, counts[status] ?? 0] as const);
  return Object.fromEntries([
    ['total', byStatus.reduce((sum, [, count]) => sum + count, 0)],
    ...byStatus,
  ]) as Record<'total' | DeliveryStatus, number>;
};

/** The names of audiences in the API, as those of event types and sources. */
export const audienceNames = {
  everybody: 'broadcast',
  workspace: 'internal',
  consumer: 'addressed',
} as const;

const fieldsOf = (event: StoredEvent) => ({
  id: event.id,
  type: event.type,
  source: event.source,
  time: event.time,
  accepted_at: new Date(event.acceptedAtMs).toISOString(),
  consumer_id: event.consumerId,
  audience: audienceNames[audienceOf(event).kind],
  ordering_key: event.orderingKey,
  caller_id: event.callerId,
  trace_id: event.traceId,
  size_bytes: event.sizeBytes,
  position: event.position,
  erased: event.isErased === true,
});

/** Returns an event as a list shows it. */
export const eventView = ({ event, counts }: EventWithCounts) => ({
  ...fieldsOf(event),
  deliveries: countsView(counts),
});

/** Returns where an event came from; null for a published one. */
export const receivedView = (received: Received | undefined): object | null =>
  received === undefined ? null : { source_id: received.sourceId, headers: received.headers };

/** Parts of a response: members to be serialised, and members that are JSON already. */
export type DataView = Readonly<{ body: object; raw: Readonly<Record<string, string>> }>;

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // Only a foreign producer can write such data.
    return false;
  }
};

type DataStatus = 'available' | 'stored' | 'expired' | 'erased';

const noReference = { data_url: null, data_sha256: null };
const withoutData = (status: DataStatus, reference: object = noReference): DataView => ({
  body: { data_status: status, data_encoding: null, data: null, ...reference },
  raw: {},
});

/**
 * Returns the data of an event as a single event shows it: as received, digit for digit, if it is JSON; else its bytes.
 * `data`: null if the log does not have it any more. Data in the object storage are referred to.
 */
export const dataView = (
  data: Buffer | null,
  { id, isErased, dataSha256 }: Pick<StoredEvent, 'id' | 'isErased' | 'dataSha256'>,
): DataView => {
  if (isErased === true) return withoutData('erased');
  if (data === null) return withoutData('expired');
  if (dataSha256 !== undefined)
    return withoutData('stored', { data_url: dataRefOf(id), data_sha256: dataSha256 });
  const status = { data_status: 'available', ...noReference } as const;
  const text = isUtf8(data) ? data.toString('utf8') : null;
  if (text !== null && isJson(text))
    return { body: { ...status, data_encoding: 'json' }, raw: { data: text } };
  return { body: { ...status, data_encoding: 'base64', data: data.toString('base64') }, raw: {} };
};
