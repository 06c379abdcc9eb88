import { isUtf8 } from 'node:buffer';
import { textFaults } from '@tidings/json';
import { AppError, type ErrorDetail, messageOf } from '@tidings/runtime';
import type { ErrorObject } from 'ajv';
import type { JsonSchema } from './route.ts';
import { strictCompiler } from './schema-compilers.ts';
import { detailsOf } from './validation-details.ts';

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
export function refuseLossyText(bytes: Buffer): void {
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
