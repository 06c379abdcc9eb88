import { decodeEvent, type EventAccepted } from '../events/event.ts';
import { type DeadLetterId, type DeliveryId, deriveDeadLetterId, type EventId } from '../ids/ids.ts';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { topics } from '../wire/topics.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';
import { type DeliveryState, deliveryStateSchema } from './delivery-command.ts';
import { type DeadLetterReason, deadLetterReasons } from './outcome.ts';

/** A delivery that ended undelivered. The value of its record is the request body: it can be redriven unchanged. */
export type DeliveryDeadLettered = Readonly<{
  type: 'DeliveryDeadLettered.v1';
  reason: Exclude<DeadLetterReason, 'undecodable' | 'idempotency-conflict'>;
  recordedAtMs: number;
  /** State of the command at its end, with the summaries of all its attempts. */
  state: DeliveryState;
}>;

/** Position of a poison record. */
export type RecordOrigin = Readonly<{
  topic: string;
  partition: number;
  /** Decimal text: a Kafka offset is a 64-bit integer. */
  offset: string;
  timestampMs: number;
  key: string | null;
  headers: Readonly<Record<string, string>>;
}>;

/** A record that no consumer can process. The value of its record is the original value, byte for byte. */
export type RecordPoisoned = Readonly<{
  type: 'RecordPoisoned.v1';
  reason: 'undecodable' | 'idempotency-conflict';
  /** Description of the error, for operators. */
  detail: string;
  recordedAtMs: number;
  /** Consumer group that could not process it. */
  group: string;
  origin: RecordOrigin;
  /** False for a poison tombstone: it had no value, and the value of the dead letter is empty. */
  hadValue: boolean;
}>;

/** Record of the dead-letters topic. */
export type DeadLetter = DeliveryDeadLettered | RecordPoisoned;

/** Identity of a dead letter. A crash can write it twice; both records have the same identity. */
export type DeadLetterRef =
  | Readonly<{ kind: 'delivery'; eventId: EventId; deliveryId: DeliveryId; chain: number }>
  | Readonly<{ kind: 'poison'; topic: string; partition: number; offset: string; group: string }>;

/**
 * Returns the event in a poison record of the events topic whose headers can be read: then its value is invalid, or
 * another event has its id. Otherwise null.
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

/** Returns the identity of a dead letter. */
export const deadLetterRefOf = (deadLetter: DeadLetter): DeadLetterRef => {
  if (deadLetter.type === 'DeliveryDeadLettered.v1') {
    const { eventId, deliveryId, chain } = deadLetter.state;
    return { kind: 'delivery', eventId, deliveryId, chain };
  }
  const { topic, partition, offset } = deadLetter.origin;
  return { kind: 'poison', topic, partition, offset, group: deadLetter.group };
};

/** Returns the public id of a dead letter: one per chain of a delivery, one per group for a poison record. */
export const deadLetterIdOf = (ref: DeadLetterRef): DeadLetterId =>
  ref.kind === 'delivery'
    ? deriveDeadLetterId([ref.deliveryId, String(ref.chain)])
    : deriveDeadLetterId([ref.topic, String(ref.partition), ref.offset, ref.group]);

/**
 * Resolution of a dead letter, redriven or discarded. It is written after the dead letter in the same partition, so
 * that a later reader of the topic does not count the dead letter as pending.
 */
export type DeadLetterSettled = Readonly<{
  type: 'DeadLetterSettled.v1';
  ref: DeadLetterRef;
  how: 'redriven' | 'discarded';
  /** Chain in which it was redriven; null for a poison record and for a discarded one. */
  chain: number | null;
  /** Job that redrove it; absent if a retry did, and in records of earlier releases. */
  jobId?: string;
  /** Key, or component of Tidings, that requested it. */
  by: string;
  /** Reason for discarding it; null if it was redriven. */
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

/** Encodes a delivery that ended undelivered. The key is the subscription id. */
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

/** Encodes a poison record: its origin in a header, its value unchanged. The key is the original key. */
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
  exactly(
    {
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
    },
    { jobId: shape.text },
  ),
);

/** Encodes the resolution of a dead letter. It has no key: the writer names the partition of the dead letter. */
export const encodeSettled = (settled: DeadLetterSettled): WireRecord => ({
  key: null,
  headers: { [settledHeader]: JSON.stringify(settled) },
  value: empty,
});

/** Decodes any record of the dead-letters topic: a dead letter or its resolution. Throws DecodeError. */
export const decodeDeadLetterFact = (
  record: WireRecord,
): DeadLetterSettled | Readonly<{ deadLetter: DeadLetter; value: Buffer }> => {
  const text = record.headers[settledHeader];
  return text === undefined
    ? decodeDeadLetter(record)
    : checkSettled(parseJson('DeadLetterSettled.v1', text));
};

/** Decodes a dead letter from its record. `value` is the request body or the poison value. Throws DecodeError. */
export const decodeDeadLetter = (record: WireRecord): Readonly<{ deadLetter: DeadLetter; value: Buffer }> => {
  const text = record.headers[header];
  if (text === undefined) throw new DecodeError('not a valid dead letter', `header ${header} is missing`);
  return { deadLetter: checkDeadLetter(parseJson('dead letter', text)), value: record.value ?? empty };
};
