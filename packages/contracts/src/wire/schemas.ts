import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { appNamePattern, sourceIdRule, workspaceIdRule } from '../ids/id-rules.ts';
import { DecodeError } from './wire.ts';

// ajv-formats is CommonJS: under NodeNext its default import is the module object.
const addFormats = addFormatsModule as unknown as typeof addFormatsModule.default;

const ajv = new Ajv2020({ strict: true, allErrors: false, allowUnionTypes: true });
addFormats(ajv);

const sentence = (error: ErrorObject | undefined): string => {
  if (error === undefined) return 'invalid';
  const where = error.instancePath === '' ? 'the message' : error.instancePath;
  const unknown = (error.params as { additionalProperty?: string }).additionalProperty;
  return `${where} ${error.message ?? 'is invalid'}${unknown === undefined ? '' : ` ('${unknown}')`}`;
};

const known = new Map<string, object>();

/** The schemas of everything that messages consist of, by name: each needs an example in `deploy/formats`. */
export const messageSchemas: ReadonlyMap<string, object> = known;

/** Compiles a JSON Schema (2020-12) once into a check that returns the typed value or throws DecodeError. */
export const compileSchema = <T>(name: string, schema: object): ((value: unknown) => T) => {
  known.set(name, schema);
  let validate: ValidateFunction<T> | undefined;
  return (value) => {
    // At the first use: a process needs few of them at its start, and compiling all takes a tenth of a second.
    validate ??= ajv.compile<T>(schema);
    if (validate(value)) return value;
    throw new DecodeError(`not a valid ${name}`, sentence(validate.errors?.[0]));
  };
};

/** Parses JSON text; throws DecodeError for anything else. This is the only JSON.parse of a message. */
export const parseJson = (name: string, text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new DecodeError(`not a valid ${name}`, `is not JSON (${(error as Error).message})`);
  }
};

/** The last time that a Date can have: 275,760 years after Christ. */
const maxEpochMs = 8.64e15;

const text = { type: 'string', minLength: 1 } as const;

/** Schema parts that several messages share. */
export const shape = {
  text,
  nullableText: { type: ['string', 'null'] },
  count: { type: 'integer', minimum: 0 },
  epochMs: { type: 'integer', minimum: 0, maximum: maxEpochMs },
  nullableEpochMs: { type: ['integer', 'null'], minimum: 0, maximum: maxEpochMs },
  eventId: { type: 'string', pattern: '^evt_[0-9a-f]{32}$' },
  deliveryId: { type: 'string', pattern: '^dlv_[0-9a-f]{32}$' },
  subscriptionId: { type: 'string', pattern: '^sub_[0-9A-Za-z]{1,64}$' },
  runId: { type: 'string', pattern: '^run_[0-9a-f]{32}$' },
  appName: { type: 'string', pattern: appNamePattern },
  workspaceId: workspaceIdRule,
  sourceId: sourceIdRule,
} as const;

/**
 * Returns an object schema: every property is required, those of `optional` are allowed, and all others are rejected.
 */
export const exactly = (
  properties: Readonly<Record<string, unknown>>,
  optional: Readonly<Record<string, unknown>> = {},
): object => ({
  type: 'object',
  properties: { ...properties, ...optional },
  required: Object.keys(properties),
  additionalProperties: false,
});
