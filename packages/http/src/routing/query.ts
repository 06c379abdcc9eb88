import { compiledOnFirstUse, type ErrorDetail } from '@tidings/json';
import { AppError } from '@tidings/runtime';
import { detailsOf } from '../problems/validation-errors.ts';
import type { JsonSchema, Query } from './route.ts';
import { defaultingCompiler } from './schema-compilers.ts';

/** The parameters of every list, to be included in its `queryOf`. */
export const pageParameters = {
  limit: {
    type: 'integer',
    minimum: 1,
    maximum: 100,
    default: 30,
    description: 'Maximum number of items on a page.',
  },
  cursor: {
    type: 'string',
    minLength: 1,
    maxLength: 2048,
    description: '`next_cursor` of the previous page, with the same filters.',
  },
} as const;

/** The parsed {@link pageParameters}. */
export type PageQuery = Readonly<{ limit: number; cursor?: string }>;

type Properties = Readonly<Record<string, JsonSchema>>;

/**
 * Declares the parameters of a query, each by a schema. `integer`, `number` and `boolean` are parsed from their text, a
 * parameter of type `array` may be repeated, `default` is applied, and any other parameter is refused.
 */
export function queryOf<T>(properties: Properties, required: readonly (keyof T & string)[] = []): Query<T> {
  const schema = { type: 'object', properties, required, additionalProperties: false };
  const validate = compiledOnFirstUse(() => defaultingCompiler.compile<T>(schema));
  return {
    properties,
    required,
    read: (given) => {
      const values: unknown = Object.fromEntries(
        Object.entries(given).map(([name, value]) => [name, readValue(value, properties[name])]),
      );
      if (validate(values)) return values;
      const faults = detailsOf(validate.errors, values).map((fault) => inWords(fault, given, properties));
      // One sentence for each parameter: a value of the wrong type breaks other rules as well.
      throw refused(
        [...new Map(faults.toReversed().map((fault) => [fault.pointer, fault])).values()].toReversed(),
      );
    },
  };
}

function readValue(given: unknown, schema: JsonSchema | undefined): unknown {
  const type = schema?.['type'];
  if (type === 'array') return Array.isArray(given) ? given : [given];
  if (typeof given !== 'string') return given;
  if ((type === 'integer' || type === 'number') && isPlainNumber(given)) return Number(given);
  if (type === 'boolean' && (given === 'true' || given === 'false')) return given === 'true';
  return given;
}

const isPlainNumber = (text: string): boolean => /^-?\d{1,15}(\.\d{1,15})?$/.test(text);

function inWords(fault: ErrorDetail, given: object, properties: Properties): ErrorDetail {
  const { pointer } = fault;
  const name = pointer.slice(1).replaceAll('~1', '/').replaceAll('~0', '~');
  if (Object.hasOwn(given, name) && !Object.hasOwn(properties, name)) {
    const known = Object.keys(properties).join(', ') || 'none';
    return { pointer, detail: `There is no parameter '${name.slice(0, 60)}': there are ${known}.` };
  }
  const isRepeated = Array.isArray(Reflect.get(given, name)) && properties[name]?.['type'] !== 'array';
  return { pointer, detail: isRepeated ? `${name} must be given once.` : `${name} ${fault.detail}.` };
}

function refused(details: readonly ErrorDetail[]): AppError {
  const message = details.map(({ detail }) => detail).join(' ');
  return new AppError({ code: 'invalid-request', message, details });
}
