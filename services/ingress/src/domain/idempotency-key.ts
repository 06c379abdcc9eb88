/**
 * The key of one item of a batch that was sent under a key. The line feed keeps it apart from every key and own id that
 * a caller can send, since neither may hold one.
 */
export const itemKey = (batchKey: string, index: number): string => `${batchKey}\n${index}`;
