import { durationText } from '../../parts/values/relative-time.ts';

/** A field that differs: the values that are gone and those that came. A list has one for each of its elements. */
export type Difference = Readonly<{ field: string; removed: readonly string[]; added: readonly string[] }>;

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSimple = (value: unknown): boolean => typeof value !== 'object' || value === null;

// An object in which nothing is set says no more than that it is not there.
const isNothing = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0);

/**
 * Returns the fields that differ between two versions, of objects and lists within them only those that do: `rate_limit
 * → per_second`. `before` is null for a creation, which shows all that is set.
 */
export function differencesOf(before: Fields | null, after: Fields): readonly Difference[] {
  return between('', before ?? {}, after);
}

function between(field: string, before: unknown, after: unknown): readonly Difference[] {
  if (isNothing(before) && isNothing(after)) return [];
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (isListOfSimple(before) && isListOfSimple(after)) return [ofLists(field, before ?? [], after ?? [])];
  if ((isTree(before) || isNothing(before)) && (isTree(after) || isNothing(after))) {
    const [old, young] = [childrenOf(before), childrenOf(after)];
    const names = [...new Set([...Object.keys(old), ...Object.keys(young)])];
    return names.flatMap((name) =>
      between(field === '' ? name : `${field} → ${name}`, old[name], young[name]),
    );
  }
  return [{ field: nameOf(field), removed: shown(field, before), added: shown(field, after) }];
}

const isTree = (value: unknown): boolean => isObject(value) || Array.isArray(value);

const isListOfSimple = (value: unknown): value is readonly unknown[] | null | undefined =>
  isNothing(value) ? !isObject(value) : Array.isArray(value) && value.every(isSimple);

const childrenOf = (value: unknown): Fields =>
  Array.isArray(value)
    ? Object.fromEntries(value.map((one, at) => [`${at + 1}`, one]))
    : isObject(value)
      ? value
      : {};

function ofLists(field: string, before: readonly unknown[], after: readonly unknown[]): Difference {
  const [old, young] = [before, after].map((list) => list.flatMap((one) => shown(field, one)));
  const removed = (old ?? []).filter((one) => !young?.includes(one));
  const added = (young ?? []).filter((one) => !old?.includes(one));
  // The same elements in another order, or in another number: only the whole lists show that.
  const isSame = removed.length === 0 && added.length === 0;
  return {
    field: nameOf(field),
    removed: isSame ? (old ?? []) : removed,
    added: isSame ? (young ?? []) : added,
  };
}

const nameOf = (field: string): string => field.replace(/_ms$/, '');

function shown(field: string, value: unknown): readonly string[] {
  if (isNothing(value)) return [];
  if (typeof value === 'number' && field.endsWith('_at_ms')) return [new Date(value).toISOString()];
  if (typeof value === 'number' && field.endsWith('_ms')) return [durationText(value)];
  return [typeof value === 'string' ? value : (JSON.stringify(value) ?? '')];
}
