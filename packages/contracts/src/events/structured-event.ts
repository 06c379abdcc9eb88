import { membersOf } from '@tidings/json';
import { parseJson } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';

const structured = /^application\/cloudevents\+json\s*(?:;|$)/i;
const what = 'structured CloudEvents record';

// The attributes that a record of the binary mode has as `ce_…`. Others are extensions that Tidings does not know.
const attributes = [
  ...['specversion', 'id', 'type', 'source', 'time'],
  ...['workspaceid', 'consumerid', 'orderingkey', 'audience'],
];

/**
 * Returns a record of the structured mode (CloudEvents 1.0, Kafka binding, section 3.3: the whole event as JSON in the
 * value) in the form of the binary mode, with the data byte for byte; any other record unchanged. Throws DecodeError for
 * a value that is not a JSON object, repeats a member, or has its data in base64.
 */
export function binaryFormOf<R extends WireRecord>(record: R): R {
  const contentType = record.headers['content-type'];
  if (contentType === undefined || !structured.test(contentType)) return record;
  const json = record.value ?? Buffer.of();
  const event = parseJson(what, json.toString('utf8'));
  if (typeof event !== 'object' || event === null || Array.isArray(event)) throw fault('is not an object');
  const members = new Map(membersOf(json).map((member) => [member.name, member]));
  if (members.size < membersOf(json).length) throw fault('has a member more than once');
  if (members.has('data_base64')) throw fault("has 'data_base64': the data of an event are JSON");
  const textOf = (name: string): string | undefined => {
    const value: unknown = members.has(name) ? Reflect.get(event, name) : null;
    if (value === null) return undefined;
    if (typeof value !== 'string') throw fault(`'${name}' is not text`);
    return value;
  };
  const headers: (readonly [string, string | undefined])[] = [
    ...attributes.map((name) => [`ce_${name}`, textOf(name)] as const),
    ['content-type', textOf('datacontenttype')],
    ['traceparent', textOf('traceparent') ?? record.headers['traceparent']],
  ];
  const data = members.get('data');
  return {
    ...record,
    headers: Object.fromEntries(
      headers.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
    value: data === undefined ? null : json.subarray(data.start, data.end),
  };
}

const fault = (detail: string): DecodeError => new DecodeError(`not a valid ${what}`, detail);
