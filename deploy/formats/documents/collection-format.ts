import type { StoredDocuments } from './stored-documents.ts';

/** The documents of a collection: examples as this version writes them, and how it reads one. */
export type CollectionFormat = Readonly<{
  collection: string;
  /** JSON Schema of the documents, if they have one. */
  schema?: object;
  /** Writes the examples, by the store that writes them in the service. */
  write(documents: StoredDocuments): Promise<unknown>;
  /** Reads the only document, by the same store. `id` is its id. */
  read(documents: StoredDocuments, id: string): Promise<unknown>;
}>;

/** A histogram of the duration of operations that nobody reads. */
export const unmeasured = { observe: () => {} };
