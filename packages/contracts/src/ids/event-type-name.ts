/** Maximum length of an event type name, in characters. */
export const eventTypeNameMaxLength = 128;

/** Matches dot-separated parts of letters, digits and underscores (Standard Webhooks 1.0.0, "Event types"). */
export const eventTypeNamePattern = /^[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+)*$/;

/** Returns true for a name that an event may carry. */
export const isEventTypeName = (name: string): boolean =>
  name.length <= eventTypeNameMaxLength && eventTypeNamePattern.test(name);

/** Returns true for names that only Tidings may raise: ingress refuses them, subscriptions match them only in full. */
export const isReservedEventType = (name: string): boolean =>
  name === 'tidings' || name.startsWith('tidings.') || name === 'webhook.test';

/**
 * Returns true for patterns of subscriptions: a full name, `order.*` for every name that begins with `order.`, or `*`.
 */
export const isEventPattern = (pattern: string): boolean =>
  pattern === '*' || isEventTypeName(pattern.endsWith('.*') ? pattern.slice(0, -2) : pattern);
