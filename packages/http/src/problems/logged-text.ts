// Ids have at most 36 characters. What is longer in a path or a sentence may be a key or a token in the wrong place.
const long = /[^\s/'"]{41,}/g;

/**
 * Returns a message of a refused request for the log, without what the caller sent: quoted values, and words of more than 40
 * characters, become `…`. The caller has the whole message in the response.
 */
export const withoutValues = (message: string): string =>
  message.replace(/'.*'/s, "'…'").replaceAll(long, '…');

/** Returns the path of a URL for the log: without the query, and with `…` for parts of more than 40 characters. */
export const loggedPath = (url: string): string => (url.split('?', 1)[0] ?? '/').replaceAll(long, '…');
