import { isUtf8 } from 'node:buffer';
import { textFaults } from '@tidings/json';
import { AppError, type ErrorDetail, messageOf } from '@tidings/runtime';
import type { ErrorObject } from 'ajv';
import { detailsOf } from '../problems/validation-errors.ts';
import type { Body, JsonSchema } from './route.ts';
import { strictCompiler } from './schema-compilers.ts';

/** A check that ajv compiled: `true` for data of the type, else its faults are in `errors`. */
export type Validate<T> = ((data: unknown) => data is T) & { errors?: ErrorObject[] | null | undefined };

/**
 * Compiles a JSON Schema for {@link validBody}; all faults are reported together, not only the first. For anything but
 * bodies (messages on topics) use the validators of contracts.
 */
export function compileBody<T>(schema: JsonSchema): Validate<T> {
  return strictCompiler.compile<T>(schema);
}

/**
 * Returns `body` when `validate` accepts it. Throws AppError `unprocessable` (422) with a pointer for each fault otherwise.
 */
export function validBody<T>(body: unknown, validate: Validate<T>): T {
  if (validate(body)) return body;
  throw refusedBody(detailsOf(validate.errors, body));
}

/**
 * Refuses a body that would not be kept as it is written: fields that are there twice, numbers that a double rounds, halves
 * of surrogate pairs (RFC 8259, sections 4, 6 and 8.2). Throws AppError `unprocessable` (422) with a pointer for each.
 * `bytes` must have passed {@link parseJson}.
 */
function refuseLossyText(bytes: Buffer): void {
  const faults = textFaults(bytes);
  if (faults.length > 0) throw refusedBody(faults);
}

function refusedBody(details: readonly ErrorDetail[]): AppError {
  const [first] = details;
  const summary = first === undefined ? 'is not valid' : `${first.pointer || 'it'} ${first.detail}`;
  return new AppError({ code: 'unprocessable', message: `The body breaks a rule: ${summary}.`, details });
}

/**
 * Parses the JSON of a body whose bytes are kept by the caller. Throws AppError `invalid-request` (400) when it is not JSON
 * in UTF-8.
 */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) throw malformed('The body is empty: send a JSON value.');
  if (!isUtf8(body)) throw malformed('The body is not valid UTF-8.');
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw malformed(`The body is not valid JSON: ${messageOf(cause)}.`, cause);
  }
}

function malformed(message: string, cause?: unknown): AppError {
  return new AppError({
    code: 'invalid-request',
    message,
    cause,
    details: [{ pointer: '', detail: message }],
  });
}

/** How a JSON body is taken. `maxBytes` defaults to 64 KiB, `types` to application/json, `maxDepth` to 32 levels. */
export type JsonBodyOptions<T> = Readonly<{
  schema: JsonSchema;
  maxBytes?: number;
  maxDepth?: number;
  types?: readonly string[];
  /** What a request without a body means; without this a body is needed. */
  ifEmpty?: T;
  example?: T;
}>;

const defaultMaxBytes = 64 * 1024;

// Far more than any field needs. Whatever walks a body after this may do so by calling itself.
const defaultMaxDepth = 32;

/**
 * Declares a JSON body that is kept as values: its depth is bounded, what would not be kept as it is written is refused
 * (see {@link refuseLossyText}), and it is checked against its schema, all faults at once.
 */
export function jsonBody<T>(options: JsonBodyOptions<T>): Body<T> {
  const { schema, types = ['application/json'], ifEmpty, example } = options;
  const { maxBytes = defaultMaxBytes, maxDepth = defaultMaxDepth } = options;
  const validate = compileBody<T>(schema);
  return {
    schema,
    maxBytes,
    types,
    isOptional: ifEmpty !== undefined,
    example,
    read: (bytes) => {
      if (ifEmpty !== undefined && bytes.length === 0) return ifEmpty;
      const body = parseJson(bytes);
      refuseDepth(body, maxDepth);
      refuseLossyText(bytes);
      return validBody(body, validate);
    },
  };
}

function refuseDepth(body: unknown, maxDepth: number): void {
  if (!isDeeperThan(body, maxDepth)) return;
  const detail = `The body has objects and arrays more than ${maxDepth} levels deep.`;
  throw new AppError({ code: 'unprocessable', message: detail, details: [{ pointer: '', detail }] });
}

/** How a body is taken whose bytes the handler reads by itself. `schema` is what it says of them to callers. */
export type BytesBodyOptions = Readonly<{
  schema: JsonSchema;
  maxBytes: number;
  types?: readonly string[];
  example?: unknown;
}>;

/** A body as it came, byte for byte. */
export const bytesBody = ({ schema, maxBytes, types, example }: BytesBodyOptions): Body<Buffer> => ({
  schema,
  maxBytes,
  types,
  isOptional: false,
  example,
  read: (bytes) => bytes,
});

function isDeeperThan(value: unknown, levels: number): boolean {
  let level = [value];
  for (let depth = 0; depth <= levels; depth += 1) {
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
    if (level.length === 0) return false;
  }
  return true;
}
