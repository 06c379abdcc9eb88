import { type JsonBodyOptions, jsonBody } from './body.ts';
import type { Body } from './route.ts';

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Applies a JSON Merge Patch (RFC 7396, section 2): objects are merged member by member at every depth, `null` removes a
 * member, anything else, arrays included, takes the place of what was. Names are data: `__proto__` is one like any other.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map<string, unknown>(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

/**
 * Returns the members that a patch names, as {@link mergePatch} makes them; null for one that it removes. So a use case can
 * check what a change brings and leave alone what it does not name.
 */
export const mergedMembers = <T extends object>(target: object, patch: T): { [Name in keyof T]: unknown } =>
  Object.fromEntries(
    Object.entries(patch).map(([name, value]: [string, unknown]) => [
      name,
      mergePatch(Object.hasOwn(target, name) ? Reflect.get(target, name) : undefined, value),
    ]),
  ) as { [Name in keyof T]: unknown };

/** Declares the body of a PATCH: a merge patch, also where it is only called JSON. */
export const patchBody = <T>(options: Omit<JsonBodyOptions<T>, 'types' | 'ifEmpty'>): Body<T> =>
  jsonBody<T>({ ...options, types: ['application/json', 'application/merge-patch+json'] });
