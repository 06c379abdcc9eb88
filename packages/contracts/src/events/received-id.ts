import type { EventId } from '../ids/ids.ts';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';

/** An event of a source that was fanned out: what a repeat of it, days later, is recognised by. */
export type EventReceived = Readonly<{
  type: 'EventReceived.v1';
  eventId: EventId;
  /** Offset in the partition of the events topic, which is also the partition of this record. */
  offset: number;
  /** Time of the event's record, in epoch milliseconds. */
  atMs: number;
}>;

const check = compileSchema<EventReceived>(
  'EventReceived.v1',
  exactly({
    type: { const: 'EventReceived.v1' },
    eventId: shape.eventId,
    offset: shape.count,
    atMs: { type: 'integer' },
  }),
);

/** Encodes a record of the received-ids topic; it goes to the partition of its event. */
export const encodeEventReceived = (fact: EventReceived): WireRecord => ({
  key: fact.eventId,
  headers: {},
  value: Buffer.from(JSON.stringify(fact)),
});

/** Decodes a record of the received-ids topic. Throws DecodeError. */
export const decodeEventReceived = (record: WireRecord): EventReceived => {
  if (record.value === null) throw new DecodeError('not a valid EventReceived.v1', 'the value is missing');
  return check(parseJson('EventReceived.v1', record.value.toString('utf8')));
};
