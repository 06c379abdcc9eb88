/**
 * An event to publish. `data` is any JSON value; `dataJson` instead of it is JSON text that goes out byte for byte
 * (numbers beyond 2^53 survive). `id`: your own id, which makes repeats the same event. `source`: who it comes from.
 * `time`: when it happened (default: when it is accepted). `consumerId`: the only partner who may see it.
 * `orderingKey`: events of one key keep their order.
 */
export type EventInput = Readonly<{
  type: string;
  data?: unknown;
  dataJson?: string;
  id?: string;
  source?: string;
  time?: Date | string;
  consumerId?: string;
  orderingKey?: string;
}>;

/** The JSON text of an event as the API takes it. Throws TypeError when it has neither data nor dataJson, or both. */
export function eventJson(event: EventInput): string {
  const { data, dataJson } = event;
  if ((data === undefined) === (dataJson === undefined)) {
    throw new TypeError(`event '${event.type}' needs either data or dataJson`);
  }
  const fields: Readonly<Record<string, string | undefined>> = {
    type: event.type,
    id: event.id,
    source: event.source,
    time: event.time instanceof Date ? event.time.toISOString() : event.time,
    consumer_id: event.consumerId,
    ordering_key: event.orderingKey,
  };
  const text = dataJson ?? JSON.stringify(data);
  if (text === undefined) throw new TypeError(`the data of event '${event.type}' cannot be written as JSON`);
  return `${JSON.stringify(fields).slice(0, -1)},"data":${text}}`;
}
