import type { ApiProblem } from '../../api/api-problem.ts';

/** The messages of a form's fields by JSON pointer without its first slash. */
export type Faults = ReadonlyMap<string, string>;

/** Returns the segment of a JSON pointer for a name (RFC 6901). */
export const pointerSegment = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

const nameOf = (segment: string): string => segment.replaceAll('~1', '/').replaceAll('~0', '~');

/** Returns what is wrong with a field: its own message, else those of the parts in it, each with its place. */
export function faultAt(faults: Faults, pointer: string): string | undefined {
  const own = faults.get(pointer);
  if (own !== undefined) return own;
  const parts = [...faults]
    .filter(([at]) => at.startsWith(`${pointer}/`))
    .map(([at, detail]) => `${placeOf(at.slice(pointer.length + 1))} ${detail}`);
  return parts.length === 0 ? undefined : parts.join('; ');
}

/** `0` is the first of a list: people count from one. */
const placeOf = (path: string): string =>
  path
    .split('/')
    .map((segment) => (/^\d+$/.test(segment) ? `#${Number(segment) + 1}` : nameOf(segment)))
    .join(' / ');

/** Returns the messages of a problem that no field of the form shows. */
export function otherFaults(problem: ApiProblem, fields: readonly string[]): readonly string[] {
  return [...problem.fields]
    .filter(([pointer]) => !fields.includes(pointer.split('/')[0] ?? ''))
    .map(([pointer, detail]) => (pointer === '' ? detail : `${placeOf(pointer)} ${detail}`));
}
