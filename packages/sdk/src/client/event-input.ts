import { checkNames, checkText, type Names, wrong } from '../check-arguments.ts';
import type { AnyEvents, TypeOf } from '../event-map.ts';

/** Fields of an event besides its type and data. */
type EventFields = Readonly<{
  id?: string;
  source?: string;
  time?: Date | string;
  consumerId?: string;
  orderingKey?: string;
}>;

/**
 * An event to publish. `data`: any JSON value, or with a map of events that of its type. `dataJson`: instead of `data`,
 * the text of exactly one JSON value, which is sent byte for byte (numbers beyond 2^53 are preserved). `id`: your own
 * id, under which repeats are the same event. `source`: the origin of the event. `time`: the time at which it happened
 * (default: when it is accepted). `consumerId`: the only consumer that may see it. `orderingKey`: events with the same
 * key keep their order.
 */
export type EventInput<Events extends object = AnyEvents> = {
  [Type in TypeOf<Events>]: EventFields &
    Readonly<{ type: Type }> &
    (
      | Readonly<{ data: Events[Type]; dataJson?: undefined }>
      | Readonly<{ dataJson: string; data?: undefined }>
    );
}[TypeOf<Events>];

const names: Names = {
  known: ['type', 'data', 'dataJson', 'id', 'source', 'time', 'consumerId', 'orderingKey'],
  mistakenFor: {
    eventType: 'type',
    event_type: 'type',
    name: 'type',
    payload: 'data',
    body: 'data',
    eventId: 'id',
    event_id: 'id',
    timestamp: 'time',
    created: 'time',
    partitionKey: 'orderingKey',
    key: 'orderingKey',
  },
};

/**
 * Returns the JSON text of an event in the API's format. `what` names the event in errors. Throws TypeError for a field
 * of the wrong kind, for data that JSON cannot represent, and unless exactly one of data and dataJson is given.
 */
export function eventJson(event: EventInput, what = 'the event'): string {
  checkNames(what, event, names);
  const { type, id, source, consumerId, orderingKey } = event;
  const texts = { type, id, source, consumer_id: consumerId, ordering_key: orderingKey };
  for (const [name, value] of Object.entries({ type, id, source, consumerId, orderingKey })) {
    if (value !== undefined || name === 'type') checkText(`${name} of ${what}`, value);
  }
  const fields = JSON.stringify({ ...texts, time: timeText(event.time, what) });
  return `${fields.slice(0, -1)},"data":${dataText(event, what)}}`;
}

/**
 * Returns the JSON text of a batch in the API's format. Throws TypeError, with the index of the event, as {@link
 * eventJson} does.
 */
export function batchJson(events: readonly EventInput[]): string {
  if (!Array.isArray(events as unknown)) throw wrong('events', 'an array', events);
  return `{"events":[${Array.from(events, (event, index) => eventJson(event, `events[${index}]`)).join(',')}]}`;
}

function timeText(time: unknown, what: string): string | undefined {
  if (time === undefined) return undefined;
  if (time instanceof Date && !Number.isNaN(time.getTime())) return time.toISOString();
  if (typeof time === 'string') return time;
  const got = time instanceof Date ? 'an invalid Date' : time;
  const wanted = 'a Date or RFC 3339 text';
  if (got === 'an invalid Date') throw new TypeError(`time of ${what} must be ${wanted}, got ${got}`);
  throw wrong(`time of ${what}`, wanted, time);
}

function dataText({ type, data, dataJson }: EventInput, what: string): string {
  if ((data === undefined) === (dataJson === undefined)) {
    throw new TypeError(`${what} ('${type}') needs either data or dataJson`);
  }
  return dataJson === undefined ? written(data, what) : checkJson(dataJson, what);
}

function written(data: unknown, what: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(data);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`data of ${what} cannot be written as JSON: ${reason}`, { cause });
  }
  if (text === undefined) throw wrong(`data of ${what}`, 'a JSON value', data);
  return text;
}

// The text is inserted into the event unchanged: anything but exactly one value could add other fields or events.
function checkJson(text: unknown, what: string): string {
  const name = `dataJson of ${what}`;
  checkText(name, text);
  if (text.startsWith('\ufeff')) {
    throw new TypeError(`${name} must begin with its value, got a byte order mark (U+FEFF): strip it`);
  }
  try {
    JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`${name} must be the text of exactly one JSON value: ${reason}`, { cause });
  }
  return text;
}
