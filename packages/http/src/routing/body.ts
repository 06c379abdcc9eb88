import { isUtf8 } from 'node:buffer';
import { compiledOnFirstUse, textFaults } from '@tidings/json';
import { AppError, messageOf, refused } from '@tidings/runtime';
import type { ErrorObject } from 'ajv';
import { detailsOf } from '../problems/validation-errors.ts';
import type { Body, JsonSchema } from './route.ts';
import { strictCompiler } from './schema-compilers.ts';
import type { StreamedRequestBody } from './streamed-body.ts';

/** A check compiled by ajv: returns `true` for valid data, else sets `errors`. */
export type Validate<T> = ((data: unknown) => data is T) & { errors?: ErrorObject[] | null | undefined };

/**
 * Compiles a JSON Schema for {@link validBody}, which reports all faults together. For anything but bodies (messages on
 * topics) use the validators of contracts.
 */
export function compileBody<T>(schema: JsonSchema): Validate<T> {
  return compiledOnFirstUse(() => strictCompiler.compile<T>(schema));
}

/**
 * Returns `body` if `validate` accepts it. Throws AppError `unprocessable` (422) with a pointer for each fault
 * otherwise.
 */
export function validBody<T>(body: unknown, validate: Validate<T>): T {
  if (validate(body)) return body;
  throw refused(detailsOf(validate.errors, body));
}

/**
 * Refuses a body that parsing would change: duplicate fields, numbers that a double rounds, lone surrogates (RFC 8259,
 * sections 4, 6 and 8.2). Throws AppError `unprocessable` (422) with a pointer for each. `bytes` must have passed
 * {@link parseJson}.
 */
function refuseLossyText(bytes: Buffer): void {
  const faults = textFaults(bytes);
  if (faults.length > 0) throw refused(faults);
}

/**
 * Parses the JSON of a body whose bytes the caller keeps. Throws AppError `invalid-request` (400) if it is not JSON in
 * UTF-8.
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

/** Options of a JSON body. `maxBytes` defaults to 64 KiB, `types` to application/json, `maxDepth` to 32 levels. */
export type JsonBodyOptions<T> = Readonly<{
  schema: JsonSchema;
  maxBytes?: number;
  maxDepth?: number;
  types?: readonly string[];
  /** The value of a request without a body; without this option a body is required. */
  ifEmpty?: T;
  example?: T;
}>;

const defaultMaxBytes = 64 * 1024;

// Far more than any field needs. It allows later code to process a body recursively.
const defaultMaxDepth = 32;

/**
 * Declares a JSON body that is kept as parsed values: its depth is bounded, a body that parsing would change is refused
 * (see {@link refuseLossyText}), and its schema is checked, with all faults reported at once.
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

/** Options of a body whose bytes the handler parses itself. `schema` describes it to callers. */
export type BytesBodyOptions = Readonly<{
  schema: JsonSchema;
  maxBytes: number;
  types?: readonly string[];
  example?: unknown;
  limitsFor?: Body<Buffer>['limitsFor'];
  lines?: Body<Buffer>['lines'];
}>;

/** Declares a body that is passed on byte for byte. */
export const bytesBody = ({
  schema,
  maxBytes,
  types,
  example,
  limitsFor,
  lines,
}: BytesBodyOptions): Body<Buffer> => ({
  schema,
  maxBytes,
  types,
  isOptional: false,
  example,
  ...(limitsFor !== undefined && { limitsFor }),
  ...(lines !== undefined && { lines }),
  read: (bytes) => bytes,
});

/**
 * Declares a body that is passed on byte for byte: up to `holdBytes` as bytes, above as a stream, which the handler reads
 * or leaves.
 */
export const streamedBody = ({
  holdBytes,
  ...options
}: BytesBodyOptions & Readonly<{ holdBytes: number }>): Body<Buffer | StreamedRequestBody> => ({
  ...bytesBody(options),
  holdBytes,
});

function isDeeperThan(value: unknown, levels: number): boolean {
  let level = [value];
  for (let depth = 0; depth <= levels; depth += 1) {
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
    if (level.length === 0) return false;
  }
  return true;
}
