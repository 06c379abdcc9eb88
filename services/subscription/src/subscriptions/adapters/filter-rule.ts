import { checkFilter } from '@tidings/filters';
import type { CheckFilter } from '../ports.ts';

/** Validates a filter as fan-out does when it compiles it. */
export const filterRule: CheckFilter = (filter) => {
  const check = checkFilter(filter);
  return check.ok ? [] : check.errors;
};
