/**
 * Returns the key of one item of a batch that was sent with a key. The line feed distinguishes it from every
 * key and id of a caller, since neither may contain one.
 */
export const itemKey = (batchKey: string, index: number): string => `${batchKey}\n${index}`;
