import { pointerPart } from '@tidings/json';
import {
  compileEntry,
  compileFilter,
  compileOperator,
  type Fields,
  FilterError,
  isOperators,
} from './compile-filter.ts';
import { filterLimits } from './filter-limits.ts';
import { anyAt, beginLooking, readPath, TooManyLookups } from './look-up-path.ts';

/**
 * A condition that keeps a filter from matching. `pointer`: its position in the filter (RFC 6901, `''` for the whole).
 * `detail`: a sentence with the required and the actual value. `path`: the path that it applies to, null for a
 * combination of filters. `found`: the first values at that path (at most `filterLimits.foundValues`), empty if there
 * are none.
 */
export type FailedCondition = Readonly<{
  pointer: string;
  detail: string;
  path: string | null;
  found: readonly unknown[];
}>;

/** The result of a match with the failed conditions: at least one if it does not match, else none. */
export type FilterExplanation = Readonly<{ matches: boolean; failed: readonly FailedCondition[] }>;

const shownLength = 60;

function show(value: unknown): string {
  if (typeof value === 'string') return `'${cut(value)}'`;
  return cut(JSON.stringify(value) ?? 'nothing');
}

const cut = (text: string): string => (text.length > shownLength ? `${text.slice(0, shownLength)}…` : text);

const sentences: Readonly<Record<string, (operand: unknown) => string>> = {
  $eq: (operand) => `must be ${show(operand)}`,
  $ne: (operand) => `must not be ${show(operand)}`,
  $in: (operand) => `must be one of ${show(operand)}`,
  $nin: (operand) => `must be none of ${show(operand)}`,
  $gt: (operand) => `must be greater than ${show(operand)}`,
  $gte: (operand) => `must be at least ${show(operand)}`,
  $lt: (operand) => `must be less than ${show(operand)}`,
  $lte: (operand) => `must be at most ${show(operand)}`,
  $exists: (operand) => (operand === true ? 'must be there' : 'must not be there'),
  $prefix: (operand) => `must be text that begins with ${show(operand)}`,
  $suffix: (operand) => `must be text that ends with ${show(operand)}`,
  $contains: (operand) => `must contain ${show(operand)}`,
  $size: (operand) => `must be an array of ${String(operand)} items`,
  $not: (operand) => `must not be such that ${show(operand)} holds`,
};

/** Returns the values at the end of a path, found by the same code as a match. */
function valuesAt(data: unknown, path: string): readonly unknown[] {
  const found: unknown[] = [];
  const take = (value: unknown): boolean => {
    if (value !== undefined) found.push(value);
    return found.length >= filterLimits.foundValues;
  };
  anyAt(data, { path: readPath(path), test: take, extent: 'whole' });
  return found;
}

class Explanation {
  readonly failed: FailedCondition[] = [];
  readonly #data: unknown;

  constructor(data: unknown) {
    this.#data = data;
  }

  explainFields(filter: Fields, pointer: string): void {
    for (const [name, value] of Object.entries(filter)) {
      if (this.failed.length >= filterLimits.failedConditions) return;
      if (compileEntry(name, value)(this.#data)) continue;
      const at = `${pointer}/${pointerPart(name)}`;
      if (name.startsWith('$')) this.#explainCombination(name, value, at);
      else if (isOperators(value)) this.#explainOperators(name, value, at);
      else this.#report(at, name, sentences['$eq']?.(value));
    }
  }

  #explainCombination(name: string, value: unknown, pointer: string): void {
    const filters = value as readonly Fields[];
    if (name === '$not') {
      this.#report(pointer, null, 'must not match, and does');
      return;
    }
    if (name === '$nor') {
      for (const [i, filter] of filters.entries()) {
        if (compileEntry('$and', [filter])(this.#data))
          this.#report(`${pointer}/${i}`, null, 'must not match, and does');
      }
      return;
    }
    if (name === '$or') this.#report(pointer, null, 'none of its filters matches');
    for (const [i, filter] of filters.entries()) this.explainFields(filter, `${pointer}/${i}`);
  }

  #explainOperators(path: string, condition: Fields, pointer: string): void {
    for (const [name, operand] of Object.entries(condition)) {
      if (compileOperator(readPath(path), name, operand)(this.#data)) continue;
      this.#report(`${pointer}/${name}`, path, sentences[name]?.(operand));
    }
  }

  #report(pointer: string, path: string | null, rule = 'does not hold'): void {
    if (this.failed.length >= filterLimits.failedConditions) return;
    if (path === null) return void this.failed.push({ pointer, detail: rule, path, found: [] });
    const found = valuesAt(this.#data, path);
    const detail =
      found.length > 0
        ? `${rule}, got ${found.map(show).join(', ')}`
        : `${rule}, got nothing${this.#hint(path)}`;
    this.failed.push({ pointer, detail, path, found });
  }

  /** Returns a hint for a path that begins at the top of the event: paths begin inside its data. */
  #hint(path: string): string {
    const inside = path.startsWith('data.') ? path.slice('data.'.length) : '';
    if (inside === '' || valuesAt(this.#data, inside).length === 0) return '';
    return `: a path begins inside the data, so write '${inside}'`;
  }
}

/**
 * Matches a filter and returns the failed conditions with their values, at most `filterLimits.failedConditions`. Uses
 * the same code as {@link compileFilter}. Data that are too large for the filter do not match; one entry states that.
 * Throws FilterError `invalid-filter` for a filter that `checkFilter` refuses.
 */
export function explainFilter(filter: unknown, data: unknown): FilterExplanation {
  const explanation = new Explanation(data);
  try {
    if (compileFilter(filter)(data)) return { matches: true, failed: [] };
    beginLooking();
    explanation.explainFields(filter as Fields, '');
  } catch (error) {
    const isTooCostly = error instanceof FilterError && error.code === 'too-costly';
    if (!isTooCostly && !(error instanceof TooManyLookups)) throw error;
    if (explanation.failed.length === 0) {
      return { matches: false, failed: [{ pointer: '', detail: error.message, path: null, found: [] }] };
    }
  }
  return { matches: false, failed: explanation.failed };
}
