import { type JsonBodyOptions, jsonBody } from './body.ts';
import type { Body } from './route.ts';

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Applies a JSON Merge Patch (RFC 7396, section 2): objects are merged field by field at every depth, `null` removes a
 * field, and any other value, arrays included, replaces the old one. Names are data: `__proto__` has no special
 * meaning.
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
 * Returns the fields that a patch names, with their values after {@link mergePatch}; null for a removed one. A use case
 * can so check only the changed fields.
 */
export const mergedMembers = <T extends object>(target: object, patch: T): { [Name in keyof T]: unknown } =>
  Object.fromEntries(
    Object.entries(patch).map(([name, value]: [string, unknown]) => [
      name,
      mergePatch(Object.hasOwn(target, name) ? Reflect.get(target, name) : undefined, value),
    ]),
  ) as { [Name in keyof T]: unknown };

/** Declares the body of a PATCH: a merge patch, also with a plain JSON content-type. */
export const patchBody = <T>(options: Omit<JsonBodyOptions<T>, 'types' | 'ifEmpty'>): Body<T> =>
  jsonBody<T>({ ...options, types: ['application/json', 'application/merge-patch+json'] });
