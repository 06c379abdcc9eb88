/** Matches what a filter by event type may be: a full name, `order.*` for every name below `order.`, or `*`. */
export const typePatternSource = '^(\\*|[a-zA-Z0-9_]+(\\.[a-zA-Z0-9_]+)*(\\.\\*)?)$';

/** Returns the prefix of the names that a pattern matches; null if it is a full name. */
export const prefixOf = (pattern: string): string | null =>
  pattern.endsWith('*') ? pattern.slice(0, -1) : null;

/** Returns true if an event of this type matches the pattern. */
export const matchesTypePattern = (pattern: string, eventType: string): boolean => {
  const prefix = prefixOf(pattern);
  return prefix === null ? eventType === pattern : eventType.startsWith(prefix);
};
