import { isUtf8 } from 'node:buffer';
import { AppError, messageOf } from '@tidings/runtime';
import type { ErrorObject } from 'ajv';
import type { JsonSchema } from './route.ts';
import { strictCompiler } from './schema-compilers.ts';
import { detailsOf } from './validation-details.ts';

/** A check that ajv compiled: `true` for data of the type, else its faults are in `errors`. */
export type Validate<T> = ((data: unknown) => data is T) & { errors?: ErrorObject[] | null | undefined };

/**
 * Compiles a JSON Schema for {@link parseJson}; all faults are reported together, not only the first. For anything but
 * bodies (messages on topics) use the validators of contracts.
 */
export function compileBody<T>(schema: JsonSchema): Validate<T> {
  return strictCompiler.compile<T>(schema);
}

/**
 * The JSON of a body. Throws AppError `invalid-request` (400) when it is not JSON in UTF-8
 * and `unprocessable` (422) with a pointer for each fault when `validate` refuses it.
 */
export function parseJson<T = unknown>(bytes: Buffer, validate?: Validate<T>): T {
  const body = parse(bytes);
  if (validate === undefined) return body as T;
  if (validate(body)) return body;
  const details = detailsOf(validate.errors, body);
  const [first] = details;
  const summary = first === undefined ? 'is not valid' : `${first.pointer || 'it'} ${first.detail}`;
  throw new AppError({ code: 'unprocessable', message: `The body breaks a rule: ${summary}.`, details });
}

function parse(body: Buffer): unknown {
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
