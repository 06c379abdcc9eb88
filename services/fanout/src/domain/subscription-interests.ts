import { isEventPattern, isReservedEventType } from '@tidings/contracts';

/**
 * The patterns of a subscription: full names, prefixes with their dot
 * (`order.`; the empty one is `*`), reserved names.
 */
export type Interests = Readonly<{
  names: readonly string[];
  prefixes: readonly string[];
  reserved: readonly string[];
}>;

const coveredBy = (prefixes: readonly string[], text: string): boolean =>
  prefixes.some((prefix) => text.startsWith(prefix));

/**
 * Returns the smallest set of patterns that matches the same names. No two of them match one name, so an
 * event matches a subscription at most once, and matching needs no deduplication.
 */
export const interestsOf = (
  subscription: Readonly<{ kind: 'webhook' | 'operational'; events: readonly string[] }>,
): Interests => {
  const patterns = [...new Set(subscription.events)].filter(isEventPattern);
  if (subscription.kind === 'operational') {
    return { names: [], prefixes: [], reserved: patterns.filter(isReservedEventType) };
  }
  const written = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
  const prefixes = written.filter(
    (prefix) =>
      !coveredBy(
        written.filter((other) => other !== prefix),
        prefix,
      ),
  );
  const names = patterns.filter(
    (pattern) => !pattern.endsWith('*') && !isReservedEventType(pattern) && !coveredBy(prefixes, pattern),
  );
  return { names, prefixes, reserved: [] };
};
