import { AppError } from '@tidings/runtime';
import { compileBody, parseJson, refuseLossyText, validBody } from './parse-json.ts';
import type { Body, JsonSchema } from './route.ts';

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
