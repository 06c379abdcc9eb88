/** Last use of each key, to the minute. Every method rejects with AppError `unavailable` as a document store does. */
export type KeyUsageStore = Readonly<{
  /** Stores a use, unless a later one is stored. */
  note(keyId: string, atMs: number): Promise<void>;
  /** Returns the last use of each key. Keys that were never used are absent. */
  findMany(keyIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
}>;
