import { checkFilter } from './check-filter.ts';
import { equalTo, inOrder, oneOf, type ValueTest } from './compare-values.ts';
import {
  anyAt,
  beginLooking,
  type LookupExtent,
  type Path,
  readPath,
  TooManyLookups,
} from './look-up-path.ts';

/**
 * Matches the data of one event. Pass the result of `parseExactly` of @tidings/json to compare numbers that no double
 * holds by all their digits; with JSON.parse they are rounded. Throws FilterError `too-costly` if the data are too
 * large for the filter.
 */
export type MatchesData = (data: unknown) => boolean;

/** The reason why a filter could not be used. */
export type FilterErrorCode = 'invalid-filter' | 'too-costly';

/** An error for a filter that breaks the rules, or that would take too long on this data. Both count as no match. */
export class FilterError extends Error {
  readonly code: FilterErrorCode;

  constructor(code: FilterErrorCode, message: string) {
    super(message);
    this.name = 'FilterError';
    this.code = code;
  }
}

/** A filter, or the operators of a path. */
export type Fields = Readonly<Record<string, unknown>>;
type Test = Readonly<{ test: ValueTest; extent: LookupExtent; isNegated: boolean }>;

const any = (test: ValueTest): Test => ({ test, extent: 'elements', isNegated: false });
const none = (test: ValueTest): Test => ({ test, extent: 'elements', isNegated: true });
const whole = (test: ValueTest): Test => ({ test, extent: 'whole', isNegated: false });

const ofText =
  (isWanted: (text: string) => boolean): ValueTest =>
  (value) =>
    typeof value === 'string' && isWanted(value);

function contains(wanted: unknown): ValueTest {
  const isEqual = equalTo(wanted);
  return (value) => {
    if (Array.isArray(value)) return value.some(isEqual);
    return typeof wanted === 'string' && typeof value === 'string' && value.includes(wanted);
  };
}

const hasLength =
  (length: unknown): ValueTest =>
  (value) =>
    Array.isArray(value) && value.length === length;

// A negation requires that no value at the path passes: `$ne` on an array means that no element is equal.
const operators: Readonly<Record<string, (operand: never) => Test>> = {
  $eq: (operand: unknown) => any(equalTo(operand)),
  $ne: (operand: unknown) => none(equalTo(operand)),
  $in: (operand: readonly unknown[]) => any(oneOf(operand)),
  $nin: (operand: readonly unknown[]) => none(oneOf(operand)),
  $gt: (operand: number | string) => any(inOrder(operand, (order) => order > 0)),
  $gte: (operand: number | string) => any(inOrder(operand, (order) => order >= 0)),
  $lt: (operand: number | string) => any(inOrder(operand, (order) => order < 0)),
  $lte: (operand: number | string) => any(inOrder(operand, (order) => order <= 0)),
  $exists: (operand: boolean) => ({ ...whole((value) => value !== undefined), isNegated: !operand }),
  $prefix: (operand: string) => any(ofText((text) => text.startsWith(operand))),
  $suffix: (operand: string) => any(ofText((text) => text.endsWith(operand))),
  $contains: (operand: unknown) => whole(contains(operand)),
  $size: (operand: number) => whole(hasLength(operand)),
};

const all = (tests: readonly MatchesData[]): MatchesData => {
  const [first, second, ...rest] = tests;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (rest.length === 0) return (data) => first(data) && second(data);
  return (data) => tests.every((matches) => matches(data));
};

function compileTest(path: Path, { test, extent, isNegated }: Test): MatchesData {
  const lookup = { path, test, extent };
  return isNegated ? (data) => !anyAt(data, lookup) : (data) => anyAt(data, lookup);
}

/** Compiles one operator for the values at a path. The operand has passed {@link checkFilter}. */
export function compileOperator(path: Path, name: string, operand: unknown): MatchesData {
  if (name === '$not') {
    const matches = compileOperators(path, operand as Fields);
    return (data) => !matches(data);
  }
  const operator = operators[name];
  if (operator === undefined) throw new FilterError('invalid-filter', `the operator '${name}' is not known`);
  return compileTest(path, operator(operand as never));
}

const compileOperators = (path: Path, condition: Fields): MatchesData =>
  all(Object.entries(condition).map(([name, operand]) => compileOperator(path, name, operand)));

/** Returns true for operators of a path, false for a value to compare with. */
export const isOperators = (condition: unknown): condition is Fields =>
  typeof condition === 'object' &&
  condition !== null &&
  Object.keys(condition).some((name) => name.startsWith('$'));

/** Compiles one entry of a filter. The entry has passed {@link checkFilter}. */
export function compileEntry(name: string, value: unknown): MatchesData {
  switch (name) {
    case '$and':
      return all((value as Fields[]).map(compileFields));
    case '$or': {
      const tests = (value as Fields[]).map(compileFields);
      return (data) => tests.some((matches) => matches(data));
    }
    case '$nor': {
      const tests = (value as Fields[]).map(compileFields);
      return (data) => !tests.some((matches) => matches(data));
    }
    case '$not': {
      const matches = compileFields(value as Fields);
      return (data) => !matches(data);
    }
    default: {
      const path = readPath(name);
      return isOperators(value) ? compileOperators(path, value) : compileTest(path, any(equalTo(value)));
    }
  }
}

const compileFields = (filter: Fields): MatchesData =>
  all(Object.entries(filter).map(([name, value]) => compileEntry(name, value)));

/**
 * Compiles a filter to a function; `{}` matches all data. No part of the filter is ever executed as code. Throws
 * FilterError `invalid-filter` if {@link checkFilter} refuses it.
 */
export function compileFilter(filter: unknown): MatchesData {
  const check = checkFilter(filter);
  if (!check.ok) {
    const [first] = check.errors;
    throw new FilterError(
      'invalid-filter',
      `the filter breaks a rule: ${first?.pointer ?? ''} ${first?.detail ?? ''}`,
    );
  }
  const matches = compileFields(filter as Fields);
  return (data) => {
    beginLooking();
    try {
      return matches(data);
    } catch (error) {
      if (error instanceof TooManyLookups) throw new FilterError('too-costly', error.message);
      throw error;
    }
  };
}
