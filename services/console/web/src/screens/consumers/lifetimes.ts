/** The times after which a token, or a link with one, can end, in seconds. */
export const lifetimes = ['300', '900', '3600'] as const;
