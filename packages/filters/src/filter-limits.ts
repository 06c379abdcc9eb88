/** All limits on a filter, and on the cost of one match. */
export const filterLimits = {
  /** Nesting depth of objects and arrays. */
  depth: 10,
  /** Values of any kind in the whole filter. */
  values: 500,
  /** Conditions or filters in one object or list. */
  itemsAtOnce: 100,
  /** Characters of one text to compare with. */
  textLength: 1_024,
  /** Characters of a path. */
  pathLength: 256,
  /** Parts of a path. */
  pathParts: 16,
  /** Values of the data that one match reads; beyond the limit the filter fails and does not match. */
  lookupsPerMatch: 100_000,
  /** Failed conditions that one explanation lists. */
  failedConditions: 20,
  /** Values of the data that one failed condition shows. */
  foundValues: 10,
} as const;
