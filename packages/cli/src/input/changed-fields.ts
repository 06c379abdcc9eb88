import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The fields of an object that a change cannot set. */
export type ReadOnlyFields = Readonly<{
  /** Fields that identify the object. An edit of one is an error, and the text states the alternative. */
  fixed: Readonly<Record<string, string>>;
  /** Fields that change by themselves. A file holds outdated values of them, which are ignored. */
  volatile: readonly string[];
}>;

/**
 * Returns the merge patch (RFC 7396) that turns `current` into `wanted`, a whole object that was printed before and
 * edited since. A field that `wanted` omits is unchanged. Throws CommandFailed for an edited read-only field, and for a
 * null inside an object, which a merge patch cannot set.
 */
export function changedFields(current: Fields, wanted: Fields, readOnly: ReadOnlyFields): Fields {
  const patch: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(wanted)) {
    if (readOnly.volatile.includes(name) || isSame(current[name], value)) continue;
    const reason = Object.hasOwn(readOnly.fixed, name) ? readOnly.fixed[name] : undefined;
    if (reason !== undefined) {
      throw new CommandFailed(exitCodes.usage, `'${name}' in the file was changed, but ${reason}.`);
    }
    patch[name] = patchOf(current[name], value, `/${name}`);
  }
  return patch;
}

function patchOf(current: unknown, wanted: unknown, pointer: string): unknown {
  if (!isObject(wanted)) return wanted;
  const before = isObject(current) ? current : {};
  const removed = Object.keys(before).filter((name) => !Object.hasOwn(wanted, name));
  const patch: [string, unknown][] = removed.map((name) => [name, null]);
  for (const [name, value] of Object.entries(wanted)) {
    if (Object.hasOwn(before, name) && isSame(before[name], value)) continue;
    const place = `${pointer}/${name}`;
    if (value === null) {
      const message = `${place} in the file is null, which an update cannot set: null removes a member. Omit it, or write {"$in":[null]} for a condition.`;
      throw new CommandFailed(exitCodes.usage, message);
    }
    patch.push([name, patchOf(before[name], value, place)]);
  }
  return Object.fromEntries(patch);
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, i) => isSame(one, b[i]));
  if (!isObject(a) || !isObject(b)) return a === b;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isSame(a[name], b[name]))
  );
}
