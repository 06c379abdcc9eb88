import {
  eventTypeNameMaxLength,
  isEventPattern,
  isReservedEventType,
  operationalEventTypes,
  type SubscriptionRecord,
} from '@tidings/contracts';
import type { ErrorDetail } from '@tidings/json';

const isWildcard = (pattern: string): boolean => pattern === '*' || pattern.endsWith('.*');

const isOperational = (pattern: string): boolean => pattern === 'tidings' || pattern.startsWith('tidings.');

function faultOf(pattern: string): string | null {
  if (!isEventPattern(pattern)) {
    return (
      `must be a name such as order.created, order.* for every name that begins with order., or *` +
      ` (letters, digits and underscores, parts joined by dots, at most ${eventTypeNameMaxLength} characters), got '${pattern}'`
    );
  }
  // Wildcards never match reserved names, so this pattern would match nothing.
  if (isWildcard(pattern) && isReservedEventType(pattern)) {
    return `wildcards do not match reserved names: list the names in full, got '${pattern}'`;
  }
  if (isOperational(pattern) && !operationalEventTypes.some((known) => known === pattern)) {
    return `must be one of ${operationalEventTypes.join(', ')}, got '${pattern}'`;
  }
  return null;
}

/** Returns the faults of a subscription's list of event patterns. */
export function eventFaults(events: readonly string[]): readonly ErrorDetail[] {
  const faults: ErrorDetail[] = [];
  events.forEach((pattern, index) => {
    const detail = faultOf(pattern);
    if (detail !== null) faults.push({ pointer: `/events/${index}`, detail });
  });
  if (events.some(isOperational) && !events.every(isOperational)) {
    const detail = 'tidings.* events cannot be combined with others: create a separate subscription for them';
    faults.push({ pointer: '/events', detail });
  }
  return faults;
}

/** Returns the faults of the events of a subscription of this kind. */
export function kindFaults(
  kind: SubscriptionRecord['kind'],
  events: readonly string[],
): readonly ErrorDetail[] {
  if (kindOf(events) === kind) return [];
  const detail =
    kind === 'operational'
      ? `must be of ${operationalEventTypes.join(', ')} for an operational subscription`
      : 'must not be tidings.* events, which require a subscription of kind operational';
  return [{ pointer: '/events', detail }];
}

/** Returns the kind that the events determine. Operational subscriptions list only names that begin with `tidings.`. */
export const kindOf = (events: readonly string[]): SubscriptionRecord['kind'] =>
  events.length > 0 && events.every(isOperational) ? 'operational' : 'webhook';

/** Returns every pattern that matches an event of this name; for a pattern, every pattern that covers it. */
export function patternsCovering(name: string): readonly string[] {
  if (isReservedEventType(name) || name === '*') return [name];
  const parts = (name.endsWith('.*') ? name.slice(0, -2) : name).split('.');
  const families = parts.slice(0, -1).map((_, index) => `${parts.slice(0, index + 1).join('.')}.*`);
  return [name, ...families, '*'];
}
