import { type DeliveryState, deliveryStateSchema } from './delivery-command.ts';
import { decodeEvent, type EventAccepted } from './event.ts';
import { type DeadLetterId, type DeliveryId, deriveDeadLetterId, type EventId } from './ids.ts';
import { type DeadLetterReason, deadLetterReasons } from './outcome.ts';
import { compileSchema, exactly, parseJson, shape } from './schemas.ts';
import { topics } from './topics.ts';
import { DecodeError, type WireRecord } from './wire.ts';

/** A delivery that ended undelivered. The value of its record is the request body: it can be redriven as it is. */
export type DeliveryDeadLettered = Readonly<{
  type: 'DeliveryDeadLettered.v1';
  reason: Exclude<DeadLetterReason, 'undecodable' | 'idempotency-conflict'>;
  recordedAtMs: number;
  /** The command as it was when it ended, with the summaries of all its attempts. */
  state: DeliveryState;
}>;

/** Where a poison record lay. */
export type RecordOrigin = Readonly<{
  topic: string;
  partition: number;
  /** Decimal text: a Kafka offset is a 64-bit integer. */
  offset: string;
  timestampMs: number;
  key: string | null;
  headers: Readonly<Record<string, string>>;
}>;

/** A record that no consumer could work on. The value of its record is the original value, byte for byte. */
export type RecordPoisoned = Readonly<{
  type: 'RecordPoisoned.v1';
  reason: 'undecodable' | 'idempotency-conflict';
  /** What was wrong with it, for operators. */
  detail: string;
  recordedAtMs: number;
  /** The consumer group that could not work on it. */
  group: string;
  origin: RecordOrigin;
  /** A poison tombstone had no value; the dead letter's own value is then empty. */
  hadValue: boolean;
}>;

/** What lies in dead-letters. */
export type DeadLetter = DeliveryDeadLettered | RecordPoisoned;

/** What makes a dead letter the only one of its kind. A crash can write one twice; both are then the same. */
export type DeadLetterRef =
  | Readonly<{ kind: 'delivery'; eventId: EventId; deliveryId: DeliveryId; chain: number }>
  | Readonly<{ kind: 'poison'; topic: string; partition: number; offset: string; group: string }>;

/**
 * The event that a poison record is, where it lies in the events topic and its headers can be read: what is wrong is then its
 * value, or that another event has its id. Else null.
 */
export const poisonedEventOf = ({
  origin,
}: RecordPoisoned): Pick<EventAccepted, 'id' | 'eventType' | 'consumerId'> | null => {
  const { topic, key, headers, timestampMs } = origin;
  if (topic !== topics.events.name) return null;
  try {
    return decodeEvent({ key, headers, value: null, timestampMs });
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
};

/** What a dead letter is called by. */
export const deadLetterRefOf = (deadLetter: DeadLetter): DeadLetterRef => {
  if (deadLetter.type === 'DeliveryDeadLettered.v1') {
    const { eventId, deliveryId, chain } = deadLetter.state;
    return { kind: 'delivery', eventId, deliveryId, chain };
  }
  const { topic, partition, offset } = deadLetter.origin;
  return { kind: 'poison', topic, partition, offset, group: deadLetter.group };
};

/** The public id of a dead letter: of a delivery one for each chain, of a poison record one for each group. */
export const deadLetterIdOf = (ref: DeadLetterRef): DeadLetterId =>
  ref.kind === 'delivery'
    ? deriveDeadLetterId([ref.deliveryId, String(ref.chain)])
    : deriveDeadLetterId([ref.topic, String(ref.partition), ref.offset, ref.group]);

/**
 * What was done with a dead letter: written behind it in its own partition, so that whoever reads the topic again does
 * not take it for one that still waits.
 */
export type DeadLetterSettled = Readonly<{
  type: 'DeadLetterSettled.v1';
  ref: DeadLetterRef;
  how: 'redriven' | 'discarded';
  /** The chain it was redriven in; null for a poison record and for what was discarded. */
  chain: number | null;
  /** The key, or the part of Tidings, that asked for it. */
  by: string;
  /** Why it was discarded; null when it was redriven. */
  reason: string | null;
  atMs: number;
}>;

const checkDeadLetter = compileSchema<DeadLetter>('dead letter', {
  oneOf: [
    exactly({
      type: { const: 'DeliveryDeadLettered.v1' },
      reason: { enum: deadLetterReasons.filter((r) => r !== 'undecodable' && r !== 'idempotency-conflict') },
      recordedAtMs: shape.epochMs,
      state: deliveryStateSchema,
    }),
    exactly({
      type: { const: 'RecordPoisoned.v1' },
      reason: { enum: ['undecodable', 'idempotency-conflict'] },
      detail: { type: 'string' },
      recordedAtMs: shape.epochMs,
      group: shape.text,
      origin: exactly({
        topic: shape.text,
        partition: shape.count,
        offset: { type: 'string', pattern: '^[0-9]+$' },
        timestampMs: { type: 'integer' },
        key: shape.nullableText,
        headers: { type: 'object', additionalProperties: { type: 'string' } },
      }),
      hadValue: { type: 'boolean' },
    }),
  ],
});

const header = 'tidings-dead-letter';
const empty = Buffer.alloc(0);

/** The record of a delivery that ended undelivered. The key is the subscription id. */
export const encodeDeadLetter = (
  deadLetter: DeliveryDeadLettered,
  body: Buffer,
  traceparent: string | null,
): WireRecord => ({
  key: deadLetter.state.subscriptionId,
  headers:
    traceparent === null
      ? { [header]: JSON.stringify(deadLetter) }
      : { [header]: JSON.stringify(deadLetter), traceparent },
  value: body,
});

/** The record of a poison record: its origin in a header, its value untouched. The key is the original key. */
export const encodePoison = (
  poison: Omit<RecordPoisoned, 'type' | 'hadValue'>,
  value: Buffer | null,
): WireRecord => {
  const deadLetter: RecordPoisoned = { type: 'RecordPoisoned.v1', ...poison, hadValue: value !== null };
  return { key: poison.origin.key, headers: { [header]: JSON.stringify(deadLetter) }, value: value ?? empty };
};

const settledHeader = 'tidings-dead-letter-settled';

const checkSettled = compileSchema<DeadLetterSettled>(
  'DeadLetterSettled.v1',
  exactly({
    type: { const: 'DeadLetterSettled.v1' },
    ref: {
      oneOf: [
        exactly({
          kind: { const: 'delivery' },
          eventId: shape.eventId,
          deliveryId: shape.deliveryId,
          chain: shape.count,
        }),
        exactly({
          kind: { const: 'poison' },
          topic: shape.text,
          partition: shape.count,
          offset: { type: 'string', pattern: '^[0-9]+$' },
          group: shape.text,
        }),
      ],
    },
    how: { enum: ['redriven', 'discarded'] },
    chain: { type: ['integer', 'null'], minimum: 0 },
    by: shape.text,
    reason: shape.nullableText,
    atMs: shape.epochMs,
  }),
);

/** The record of what was done with a dead letter. It has no key: whoever writes it names the letter's own partition. */
export const encodeSettled = (settled: DeadLetterSettled): WireRecord => ({
  key: null,
  headers: { [settledHeader]: JSON.stringify(settled) },
  value: empty,
});

/** Decodes any record of the dead-letters topic: a letter, or what was done with one. Throws DecodeError. */
export const decodeDeadLetterFact = (
  record: WireRecord,
): DeadLetterSettled | Readonly<{ deadLetter: DeadLetter; value: Buffer }> => {
  const text = record.headers[settledHeader];
  return text === undefined
    ? decodeDeadLetter(record)
    : checkSettled(parseJson('DeadLetterSettled.v1', text));
};

/** Decodes a record of the dead-letters topic that is a letter. `value` is the request body or the poison value. Throws DecodeError. */
export const decodeDeadLetter = (record: WireRecord): Readonly<{ deadLetter: DeadLetter; value: Buffer }> => {
  const text = record.headers[header];
  if (text === undefined) throw new DecodeError('not a valid dead letter', `header ${header} is missing`);
  return { deadLetter: checkDeadLetter(parseJson('dead letter', text)), value: record.value ?? empty };
};
