import { checkFilter } from '@tidings/filters';
import type { CheckFilter } from '../ports.ts';

/** Judges a filter as fan-out would when it compiles it. */
export const filterRule: CheckFilter = (filter) => {
  const check = checkFilter(filter);
  return check.ok ? [] : check.errors;
};
