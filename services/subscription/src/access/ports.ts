/** When keys were last used, to the minute. Every method rejects with AppError `unavailable` as a document store does. */
export type KeyUsageStore = Readonly<{
  /** Notes a use, unless a later one is known. */
  note(keyId: string, atMs: number): Promise<void>;
  /** Keys that were never used are not in the answer. */
  findMany(keyIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
}>;
