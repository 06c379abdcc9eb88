/** The two applications. */
export type Entry = 'operator' | 'portal';
