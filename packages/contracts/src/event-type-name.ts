/** Longest event type name, in characters. */
export const eventTypeNameMaxLength = 128;

/** Dot-separated parts of letters, digits and underscores (Standard Webhooks 1.0.0, "Event types"). */
export const eventTypeNamePattern = /^[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+)*$/;

/** A name as it may stand on an event. */
export const isEventTypeName = (name: string): boolean =>
  name.length <= eventTypeNameMaxLength && eventTypeNamePattern.test(name);

/** Names that only Tidings itself may raise: refused at ingress, matched only when a subscription names them in full. */
export const isReservedEventType = (name: string): boolean =>
  name === 'tidings' || name.startsWith('tidings.') || name === 'webhook.test';

/** What a subscription may list: a name in full, `order.*` for every name that begins with `order.`, or `*`. */
export const isEventPattern = (pattern: string): boolean =>
  pattern === '*' || isEventTypeName(pattern.endsWith('.*') ? pattern.slice(0, -2) : pattern);
