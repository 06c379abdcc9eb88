/**
 * Limits on a schema and on the cost of checking data. A schema that exceeds them is refused; a check that does is
 * abandoned.
 */
export const schemaLimits = {
  /** Bytes of the schema as JSON. */
  bytes: 65_536,
  /** Nesting depth of schemas, and of arrays and objects in any value. */
  depth: 30,
  /** Number of schemas, the outermost included. */
  subschemas: 1_000,
  /** Characters of one pattern. */
  patternLength: 512,
  /** Instructions of one compiled pattern; `x{100}` has about a hundred. */
  patternSize: 1_000,
  /** Instructions of all patterns together. */
  patternSizeInAll: 5_000,
  /** Steps of one check. A step is well under a microsecond, so a check ends in some 0.2 s for any input. */
  steps: 1_000_000,
  /** Steps of the second pass, which collects every fault of invalid data. */
  stepsForFaults: 20_000,
} as const;
