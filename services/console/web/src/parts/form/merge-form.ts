/** A form after its changes were joined with those of somebody else. */
export type MergedForm<T> = Readonly<{
  values: T;
  /** Fields that only somebody else changed: they have the new value now. */
  taken: readonly (keyof T & string)[];
  /** Fields that both changed to different values: they have the value of the form. */
  conflicts: readonly (keyof T & string)[];
}>;

/** Returns true if two values of a form are the same data. */
export const sameData = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * Joins the changes of a form with those that somebody else has saved since it was opened: field by field, and in lists
 * of names, or of things with a `name`, element by element. Nothing of either is dropped unless both changed the same.
 */
export function mergeForm<T extends object>(base: T, mine: T, theirs: T): MergedForm<T> {
  const merged = { ...mine };
  const taken: (keyof T & string)[] = [];
  const conflicts: (keyof T & string)[] = [];
  for (const name of Object.keys(mine) as (keyof T & string)[]) {
    const own = mine[name];
    const other = theirs[name];
    if (sameData(other, base[name]) || sameData(own, other)) continue;
    if (sameData(own, base[name])) {
      merged[name] = other;
      taken.push(name);
      continue;
    }
    const list = mergeLists(base[name], own, other);
    if (list === null) conflicts.push(name);
    else {
      merged[name] = list as T[typeof name];
      taken.push(name);
    }
  }
  return { values: merged, taken, conflicts };
}

/** Returns the joined list; null if these are not such lists, or both changed one element. */
function mergeLists(base: unknown, mine: unknown, theirs: unknown): readonly unknown[] | null {
  const [before, own, other] = [byKey(base), byKey(mine), byKey(theirs)];
  if (before === null || own === null || other === null) return null;
  const merged: unknown[] = [];
  for (const key of new Set([...other.keys(), ...own.keys()])) {
    const [was, mineNow, theirsNow] = [before.get(key), own.get(key), other.get(key)];
    const isMine = !sameData(mineNow, was);
    if (isMine && !sameData(theirsNow, was) && !sameData(mineNow, theirsNow)) return null;
    const value = isMine ? mineNow : theirsNow;
    if (value !== undefined) merged.push(value);
  }
  return merged;
}

function byKey(list: unknown): ReadonlyMap<string, unknown> | null {
  if (!Array.isArray(list)) return null;
  const entries = list.map((one: unknown) => [keyOf(one), one] as const);
  const keys = new Map(entries.filter((entry): entry is [string, unknown] => entry[0] !== null));
  return keys.size === list.length ? keys : null;
}

function keyOf(one: unknown): string | null {
  if (typeof one === 'string') return one;
  return typeof one === 'object' && one !== null && 'name' in one ? String(one.name) : null;
}
