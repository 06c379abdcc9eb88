/** Limits of the catalogue. */
export const limits = {
  /** Maximum number of types per workspace, archived ones included because their names stay taken. */
  typesPerWorkspace: 5_000,
  /** Maximum number of those types that are `seen` and not registered. */
  seenTypesPerWorkspace: 1_000,
  /** Maximum number of schemas of one type, and their total size in bytes. */
  schemas: 100,
  schemaBytes: 1_048_576,
  descriptionLength: 1_000,
  groupLength: 64,
  exampleBytes: 65_536,
  /** Maximum number of types with which the filter of one subscription is compared. */
  matchedTypes: 50,
  /** Maximum number of types in one import. */
  importedTypes: 500,
  importBytes: 4_194_304,
} as const;
