/** Bounds of the catalogue. */
export const limits = {
  /** Types a workspace may have, archived ones included: their names stay taken. */
  typesPerWorkspace: 5_000,
  /** Of those, types that came up by themselves and that nobody has said anything about. */
  seenTypesPerWorkspace: 1_000,
  /** Schemas of one type, and their bytes in all. */
  schemas: 100,
  schemaBytes: 1_048_576,
  descriptionLength: 1_000,
  groupLength: 64,
  exampleBytes: 65_536,
  /** Types that the filter of one subscription is compared with. */
  matchedTypes: 50,
  /** Types in one import. */
  importedTypes: 500,
  importBytes: 4_194_304,
} as const;
