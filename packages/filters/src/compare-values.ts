import { ExactNumber } from '@tidings/json';
import { compareMoments, readMoment } from './rfc3339.ts';

/** Tests one value of the data; `undefined` is an absent value. */
export type ValueTest = (value: unknown) => boolean;

// An ExactNumber is a number: it has no fields, and equals nothing that a filter can contain.
const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !(value instanceof ExactNumber);

/** Compares as JSON: the same type and content, fields in any order. A number never equals a text. */
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

/** Creates a test for one value. An absent value equals null, as in MongoDB. */
export function equalTo(wanted: unknown): ValueTest {
  if (wanted === null) return (value) => value === null || value === undefined;
  if (isPlain(wanted)) return (value) => areEqual(value, wanted);
  return (value) => value === wanted;
}

/** Creates a test for any of several values; a hundred cost as much as one. */
export function oneOf(wanted: readonly unknown[]): ValueTest {
  const simple = new Set(wanted.filter((one) => !isPlain(one)));
  if (simple.has(null)) simple.add(undefined);
  const structured = wanted.filter(isPlain);
  if (structured.length === 0) return (value) => simple.has(value);
  return (value) => simple.has(value) || (isPlain(value) && structured.some((one) => areEqual(one, value)));
}

/** Evaluates the order of two values of one kind: −1, 0 or 1. */
type Comparison = (order: number) => boolean;

const order = <T extends number | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Creates a test for order: numbers with numbers, texts with texts by code unit, and times with times if `bound` is an
 * RFC 3339 date. Values of another kind have no order, so they never pass.
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
