import { prefixOf } from '../domain/type-pattern.ts';

/**
 * Returns the condition on the type that a pattern means: a value, or a range that an index can serve. Undefined for
 * `*`, which is no condition.
 */
export const typeCondition = (pattern: string): string | object | undefined => {
  const prefix = prefixOf(pattern);
  if (prefix === null) return pattern;
  // '/' follows '.', and no name contains it.
  return prefix === '' ? undefined : { $gt: prefix, $lt: `${prefix.slice(0, -1)}/` };
};
