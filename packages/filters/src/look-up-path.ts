import { ExactNumber } from '@tidings/json';
import type { ValueTest } from './compare-values.ts';
import { filterLimits } from './filter-limits.ts';

/** One part of a path; `index` is its number if it can be an array index, else −1. */
type PathPart = Readonly<{ name: string; index: number }>;

/** A parsed path. */
export type Path = readonly PathPart[];

/** An error for a match that has read more values than allowed. */
export class TooManyLookups extends Error {
  constructor() {
    super(`a match may look at ${filterLimits.lookupsPerMatch} values, and this one would look at more`);
    this.name = 'TooManyLookups';
  }
}

// One count for the current match: matching is synchronous and never nested.
let lookups = 0;

/** Begins a match: resets the count of values read. */
export function beginLooking(): void {
  lookups = 0;
}

function count(values: number): void {
  lookups += values;
  if (lookups > filterLimits.lookupsPerMatch) throw new TooManyLookups();
}

/** Splits a dotted path. */
export const readPath = (text: string): Path =>
  text.split('.').map((name) => ({ name, index: /^(?:0|[1-9]\d{0,5})$/.test(name) ? Number(name) : -1 }));

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The values that a test receives at the end of a path: the value itself, or also each element if it is an array. */
export type LookupExtent = 'whole' | 'elements';

/** A path and the test that is applied at its end. */
export type Lookup = Readonly<{ path: Path; test: ValueTest; extent: LookupExtent }>;

/**
 * Returns true if the test passes for any value at the path. A part selects the field of that name; in an array, the
 * element with that index and the field of every element that is an object. Own fields only: the data, never
 * JavaScript's prototypes, determine what exists.
 */
export function anyAt(data: unknown, lookup: Lookup, from = 0): boolean {
  const { path, test } = lookup;
  let value = data;
  for (let at = from; at < path.length; at += 1) {
    const part = path[at] as PathPart;
    if (Array.isArray(value)) return anyInArray(value, lookup, at);
    if (!isRecord(value) || !Object.hasOwn(value, part.name)) return test(undefined);
    value = Reflect.get(value, part.name);
  }
  if (lookup.extent === 'whole' || !Array.isArray(value)) return test(value);
  count(value.length);
  return test(value) || value.some(test);
}

function anyInArray(array: readonly unknown[], lookup: Lookup, at: number): boolean {
  const { index } = lookup.path[at] as PathPart;
  count(array.length);
  if (index >= 0 && index < array.length && anyAt(array[index], lookup, at + 1)) return true;
  return array.some(
    (element) => isRecord(element) && !(element instanceof ExactNumber) && anyAt(element, lookup, at),
  );
}
