import { ExactNumber } from '@tidings/json';
import { compareMoments, readMoment } from './rfc3339.ts';

/** Looks at one value of the data; `undefined` is a value that is not there. */
export type ValueTest = (value: unknown) => boolean;

// An ExactNumber is a number: it has no fields, and is equal to nothing that a filter can hold.
const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !(value instanceof ExactNumber);

/** Equal as JSON: the same type and content, fields in any order. Never compares a number with a text. */
function areEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isPlain(a) || !isPlain(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => areEqual(item, b[index]));
  }
  const fields = Object.entries(a);
  if (fields.length !== Object.keys(b).length) return false;
  return fields.every(([name, field]) => Object.hasOwn(b, name) && areEqual(field, Reflect.get(b, name)));
}

/** A test for one value. Where nothing is there, it is equal to null, as in MongoDB. */
export function equalTo(wanted: unknown): ValueTest {
  if (wanted === null) return (value) => value === null || value === undefined;
  if (isPlain(wanted)) return (value) => areEqual(value, wanted);
  return (value) => value === wanted;
}

/** A test for any of several values, as quick for a hundred as for one. */
export function oneOf(wanted: readonly unknown[]): ValueTest {
  const simple = new Set(wanted.filter((one) => !isPlain(one)));
  if (simple.has(null)) simple.add(undefined);
  const structured = wanted.filter(isPlain);
  if (structured.length === 0) return (value) => simple.has(value);
  return (value) => simple.has(value) || (isPlain(value) && structured.some((one) => areEqual(one, value)));
}

/** Judges how two values of one kind lie to each other: −1, 0 or 1. */
type Comparison = (order: number) => boolean;

const order = <T extends number | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * A test for order: numbers with numbers, texts with texts by code unit, and moments with moments when `bound` is an RFC
 * 3339 date. Values of another kind are in no order, so they never pass.
 */
export function inOrder(bound: number | string, isWanted: Comparison): ValueTest {
  if (typeof bound === 'number') {
    return (value) => {
      if (typeof value === 'number') return isWanted(order(value, bound));
      return value instanceof ExactNumber && isWanted(value.compare(bound));
    };
  }
  const moment = readMoment(bound);
  if (moment === null) {
    return (value) => typeof value === 'string' && isWanted(order(value, bound));
  }
  return (value) => {
    const other = typeof value === 'string' ? readMoment(value) : null;
    return other !== null && isWanted(compareMoments(other, moment));
  };
}
