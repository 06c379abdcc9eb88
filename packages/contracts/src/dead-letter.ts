import { type DeliveryState, deliveryStateSchema } from './delivery-command.ts';
import { type DeadLetterReason, deadLetterReasons } from './outcome.ts';
import { compileSchema, exactly, parseJson, shape } from './schemas.ts';
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
  letter: DeliveryDeadLettered,
  body: Buffer,
  traceparent: string | null,
): WireRecord => ({
  key: letter.state.subscriptionId,
  headers:
    traceparent === null
      ? { [header]: JSON.stringify(letter) }
      : { [header]: JSON.stringify(letter), traceparent },
  value: body,
});

/** The record of a poison record: its origin in a header, its value untouched. The key is the original key. */
export const encodePoison = (
  poison: Omit<RecordPoisoned, 'type' | 'hadValue'>,
  value: Buffer | null,
): WireRecord => {
  const letter: RecordPoisoned = { type: 'RecordPoisoned.v1', ...poison, hadValue: value !== null };
  return { key: poison.origin.key, headers: { [header]: JSON.stringify(letter) }, value: value ?? empty };
};

/** Decodes a record of the dead-letters topic. `value` is the request body or the poison value. Throws DecodeError. */
export const decodeDeadLetter = (record: WireRecord): Readonly<{ letter: DeadLetter; value: Buffer }> => {
  const text = record.headers[header];
  if (text === undefined) throw new DecodeError('not a valid dead letter', `header ${header} is missing`);
  return { letter: checkDeadLetter(parseJson('dead letter', text)), value: record.value ?? empty };
};
