/** Bounds on a schema and on what checking data with it may cost. Past them a schema is refused, or the check given up. */
export const schemaLimits = {
  /** Bytes of the schema as JSON. */
  bytes: 65_536,
  /** Schemas inside each other, and arrays and objects inside each other in any value. */
  depth: 30,
  /** Schemas in all, the outermost included. */
  subschemas: 1_000,
  /** Characters of one pattern. */
  patternLength: 512,
  /** Instructions of one compiled pattern; `x{100}` has about a hundred. */
  patternSize: 1_000,
  /** Instructions of all patterns together. */
  patternSizeInAll: 5_000,
  /** Steps that one check may take. A step is well under a microsecond, so a check ends in some 0.2 s whatever it meets. */
  steps: 1_000_000,
  /** The same for the second look that gathers every fault of data that was found wrong. */
  stepsForFaults: 20_000,
} as const;
