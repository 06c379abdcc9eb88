/** Every limit on a filter, and on the work that one match may cost. */
export const filterLimits = {
  /** Objects and arrays inside each other. */
  depth: 10,
  /** Values of any kind in the whole filter. */
  values: 500,
  /** Conditions or filters side by side in one object or list. */
  itemsAtOnce: 100,
  /** Characters of one text that is compared with. */
  textLength: 1_024,
  /** Characters of a path. */
  pathLength: 256,
  /** Parts of a path. */
  pathParts: 16,
  /** Values of the data that one match looks at: beyond it the filter has failed, and matches nothing. */
  lookupsPerMatch: 100_000,
  /** Failed conditions that one explanation tells. */
  failedConditions: 20,
  /** Values of the data that one failed condition shows. */
  foundValues: 10,
} as const;
