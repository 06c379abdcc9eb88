import { compiledOnFirstUse, type ErrorDetail, pointerPart } from '@tidings/json';
import { Ajv, type ErrorObject } from 'ajv';
import { filterLimits } from './filter-limits.ts';
import { filterCombiners, filterOperators, filterSchema } from './filter-schema.ts';

/** The result of {@link checkFilter}. */
export type FilterCheck = Readonly<{ ok: true } | { ok: false; errors: readonly ErrorDetail[] }>;

const maxFaults = 20;
const shownLength = 60;

const validate = compiledOnFirstUse(() =>
  new Ajv({ allErrors: true, verbose: true, strict: true, allowUnionTypes: true }).compile<unknown>(
    filterSchema,
  ),
);

const shown = (text: string): string => (text.length > shownLength ? `${text.slice(0, shownLength)}…` : text);

type Node = Readonly<{ value: unknown; pointer: string; depth: number }>;

function childrenOf({ value, pointer, depth }: Node): Node[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value as Readonly<Record<string, unknown>>).map(([name, field]) => ({
    value: field,
    pointer: `${pointer}/${pointerPart(name)}`,
    depth: depth + 1,
  }));
}

function sizeFault({ value, pointer, depth }: Node): ErrorDetail | null {
  const { depth: maxDepth, itemsAtOnce, textLength } = filterLimits;
  if (typeof value === 'string' && value.length > textLength) {
    return { pointer, detail: `must have at most ${textLength} characters, got ${value.length}` };
  }
  if (typeof value !== 'object' || value === null) return null;
  if (depth >= maxDepth) return { pointer, detail: `lies deeper than ${maxDepth} levels` };
  const count = Object.keys(value).length;
  return count > itemsAtOnce
    ? { pointer, detail: `must have at most ${itemsAtOnce} entries, got ${count}` }
    : null;
}

/** Returns the first exceeded limit. Iterative, since external input may be deeply nested. */
function limitFault(filter: unknown): ErrorDetail | null {
  const open: Node[] = [{ value: filter, pointer: '', depth: 0 }];
  let values = 0;
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    values += 1;
    if (values > filterLimits.values) {
      return { pointer: '', detail: `must have at most ${filterLimits.values} values, got more` };
    }
    const fault = sizeFault(node);
    if (fault !== null) return fault;
    open.push(...childrenOf(node));
  }
  return null;
}

function unknownName(name: string, isInOperators: boolean): string {
  if (name.startsWith('$')) {
    const known = isInOperators ? filterOperators : filterCombiners;
    return `'${shown(name)}' is not known here: use one of ${known.join(', ')}`;
  }
  if (isInOperators) return `'${shown(name)}' stands beside operators: write the path in full, as in 'a.b'`;
  const { pathParts, pathLength } = filterLimits;
  return `'${shown(name)}' is not a path: names joined by dots, none empty or with $ first, at most ${pathParts} names and ${pathLength} characters`;
}

/** Returns true for the schema that declares this property: an error's path does not contain it. */
const isOf = (schema: ErrorObject['parentSchema'], property: string): boolean =>
  Object.hasOwn((schema?.['properties'] ?? {}) as object, property);

function describe(error: ErrorObject): ErrorDetail {
  const { instancePath: pointer, parentSchema, keyword, message = 'is not valid' } = error;
  const parameter = (name: string): string => String(Reflect.get(error.params, name));
  switch (keyword) {
    case 'additionalProperties': {
      const name = parameter('additionalProperty');
      return {
        pointer: `${pointer}/${pointerPart(name)}`,
        detail: unknownName(name, isOf(parentSchema, '$eq')),
      };
    }
    case 'propertyNames': {
      const name = parameter('propertyName');
      const detail = `'${shown(name)}' is an operator inside a value: put it right under a path, as in { "a.b": { "${shown(name)}": … } }`;
      return { pointer: `${pointer}/${pointerPart(name)}`, detail };
    }
    case 'type':
      return { pointer, detail: `must be ${parameter('type').replaceAll(',', ' or ')}` };
    case 'minItems':
    case 'minLength':
    case 'minProperties':
      return { pointer, detail: 'must not be empty' };
    default:
      return { pointer, detail: message };
  }
}

// These errors only repeat that a part failed, or belong to a condition and not to its result.
const isSummary = ({ keyword, propertyName }: ErrorObject): boolean =>
  keyword === 'if' || (keyword === 'pattern' && propertyName !== undefined);

/**
 * Checks a user's filter: that it is within the limits and that {@link compileFilter} supports it. Returns at most 20
 * faults, or a single one for an exceeded limit, since the rest was not checked.
 */
export function checkFilter(filter: unknown): FilterCheck {
  const limit = limitFault(filter);
  if (limit !== null) return { ok: false, errors: [limit] };
  if (validate(filter)) return { ok: true };
  const errors = (validate.errors ?? []).filter((error) => !isSummary(error)).map(describe);
  return { ok: false, errors: errors.slice(0, maxFaults) };
}
