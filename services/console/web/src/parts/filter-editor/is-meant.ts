/** Returns true if a pattern of a subscription (`order.paid`, `order.*`, `*`) means this event type. */
export const isMeant = (pattern: string, name: string): boolean =>
  pattern === '*' || pattern === name || (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1)));
