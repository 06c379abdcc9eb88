import { readFile } from 'node:fs/promises';
import { Ajv, type ValidateFunction } from 'ajv';
import type { HistoryRecord } from './record.ts';

const text = { type: 'string' };
const number = { type: 'number' };
const count = { type: 'integer', minimum: 0 };
const flag = { type: 'boolean' };
const orNull = (schema: { type: string }) => ({ ...schema, type: [schema.type, 'null'] });

const fields: Readonly<Record<HistoryRecord['kind'], Readonly<Record<string, object>>>> = {
  run: { seed: count, at: number, inFlightLimit: count },
  subscription: {
    ...{ at: number, id: text, endpoint: text, eventType: text, consumer: orNull(text) },
    ...{
      ordering: { enum: ['none', 'key'] },
      maxInFlight: count,
      retryScheduleSeconds: { type: 'array', items: number },
      ratePerSecond: orNull(number),
      rateBurst: count,
    },
  },
  secret: { subscription: text, secret: text, from: number, until: orNull(number) },
  switch: {
    ...{
      subscription: text,
      to: { enum: ['disabled', 'deleted', 'active'] },
      asked: number,
      at: orNull(number),
    },
  },
  input: {
    ...{
      number: count,
      at: number,
      eventType: text,
      orderingKey: orNull(text),
      consumer: orNull(text),
      data: text,
    },
  },
  accepted: { number: count, at: number, eventId: orNull(text) },
  repeat: { number: count, at: number },
  request: {
    ...{
      endpoint: text,
      at: number,
      endedAt: number,
      status: orNull(number),
      retryAfterSeconds: orNull(number),
    },
    ...{ webhookId: text, timestamp: text, signature: text, body: text },
  },
  fault: { fault: text, target: text, at: number, until: number, canRepeat: flag, stepMs: number },
  manual: { action: { enum: ['redrive', 'replay'] }, at: number, subscription: orNull(text) },
  attempt: {
    ...{ delivery: text, event: text, subscription: text, chain: count, attempt: count, at: number },
    ...{ durationMs: number, status: orNull(number), outcome: text, nextAt: orNull(number) },
  },
  'dead-letter': {
    ...{
      delivery: text,
      event: text,
      subscription: text,
      reason: text,
      at: number,
      hasBody: flag,
      state: text,
    },
  },
};

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
const validators = new Map<string, ValidateFunction>(
  Object.entries(fields).map(([kind, properties]) => [
    kind,
    ajv.compile({
      type: 'object',
      properties: { kind: { const: kind }, ...properties },
      required: ['kind', ...Object.keys(properties)],
      additionalProperties: false,
    }),
  ]),
);

/** Returns the record of a line. Throws an Error that names the fault if the line is not one of a history. */
export const parseRecord = (line: string, lineNumber: number): HistoryRecord => {
  const value: unknown = JSON.parse(line);
  const kind = String((value as { kind?: unknown } | null)?.kind);
  const validate = validators.get(kind);
  if (validate === undefined)
    throw new Error(
      `line ${lineNumber}: kind must be one of ${[...validators.keys()].join(', ')}, got '${kind}'`,
    );
  if (!validate(value)) throw new Error(`line ${lineNumber} (${kind}): ${ajv.errorsText(validate.errors)}`);
  return value as HistoryRecord;
};

/** Reads a history file. Throws an Error with the number of the first line that is not a record. */
export const readHistory = async (file: string): Promise<HistoryRecord[]> => {
  const lines = (await readFile(file, 'utf8')).split('\n');
  return lines.flatMap((line, index) => (line === '' ? [] : [parseRecord(line, index + 1)]));
};
